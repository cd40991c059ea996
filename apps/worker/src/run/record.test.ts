import { makeRun } from '@opifer/core/testing'
import type { Transitions } from '@opifer/queue'
import { expect, test } from 'vitest'
import { makeJobRef, readableMetrics, RECEIVED_AT } from '../testing/builders.ts'
import { LEASE, makeContext, makeTransitions } from '../testing/context.ts'
import type { RunEnd } from './context.ts'
import { record } from './record.ts'

const NOW = RECEIVED_AT + 90_000
const SUCCEEDED: RunEnd = { outcome: 'succeeded', reason: 'the Job completed' }
const withJob = makeRun({ job: makeJobRef() })

test('the result goes to the queue with all that a newer version wrote, with the cooldown, in one transition', async () => {
  const { context, finished } = given({ stored: { ...withJob, news: 'of a newer version' } })
  const result = await record(withJob, { ...SUCCEEDED, jobTimes: { endedAt: 2 } }, context)
  expect(result).toEqual({ ...SUCCEEDED, finishedAt: NOW })
  expect(finished).toEqual([
    {
      run: { ...withJob, result },
      lease: LEASE,
      data: { ...withJob, news: 'of a newer version', result },
      cooldownMs: 60_000,
      jobTimes: { endedAt: 2 },
    },
  ])
})

test.each([
  { operario: { cooldownMs: 5_000 }, want: 5_000 },
  { operario: { cooldownMs: 0 }, want: 0 },
  { operario: {}, want: 60_000 },
])('an Operario with $operario starts a cooldown of $want ms', async ({ operario, want }) => {
  const { context, finished } = given()
  const run = { ...withJob, operario: { configMap: 'a/b', key: 'k', resourceVersion: '1', ...operario } }
  await record(run, SUCCEEDED, context)
  expect(finished).toMatchObject([{ cooldownMs: want }])
})

test('a run without a Job starts no cooldown', async () => {
  const { context, finished } = given()
  await record(makeRun(), { outcome: 'unmatched', reason: 'no ConfigMap' }, context)
  expect(finished).toMatchObject([{ cooldownMs: 0 }])
})

test('a run of an invalid alert can be recorded', async () => {
  const alert = { invalid: 'wrong', status: 'firing', fingerprint: 'f', excerpt: '{}' } as const
  const result = await record(makeRun({ alert }), { outcome: 'invalid', reason: 'wrong' }, given().context)
  expect(result.outcome).toBe('invalid')
})

test('metrics count outcomes and the time from webhook to end', async () => {
  const { context, read } = given()
  await record(withJob, SUCCEEDED, context)
  await record(withJob, { outcome: 'failed', reason: 'x' }, context)
  await record(makeRun(), { outcome: 'expired', reason: 'x' }, context)
  expect(await read('opifer_runs_total')).toEqual({
    'succeeded,DiskSpaceLow': 1,
    'failed,DiskSpaceLow': 1,
    'expired,DiskSpaceLow': 1,
  })
  expect(await read('openfero_jobs_succeeded_total')).toEqual({ '': 1 })
  expect(await read('openfero_jobs_failed_total')).toEqual({ '': 1 })
  expect(await read('opifer_run_duration_seconds')).toMatchObject({
    succeeded: 1,
    '60,succeeded': 0,
    '120,succeeded': 1,
  })
})

test('a run whose result Redis did not take does not count as ended', async () => {
  const { context, read } = given({
    transitions: { ...makeTransitions(), finish: () => Promise.reject(new Error('Redis is down')) },
  })
  await expect(record(withJob, SUCCEEDED, context)).rejects.toThrow('Redis is down')
  expect(await read('opifer_runs_total')).toEqual({})
})

function given(overrides: Partial<Parameters<typeof record>[2]> = {}) {
  const finished: object[] = []
  const { metrics, read } = readableMetrics()
  const finish: Transitions['finish'] = async (run, lease, { data, ...ending }) =>
    void finished.push({ run, lease, data: JSON.parse(data), ...ending })
  const transitions = { ...makeTransitions(), finish }
  const context = makeContext({ api: {} }, { transitions, metrics, now: () => NOW, ...overrides })
  return { context, finished, read }
}
