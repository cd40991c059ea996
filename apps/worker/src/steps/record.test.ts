import { episode, type Run } from '@opifer/core'
import { makeAlert, makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { LOCK, makeHistory, makeJobRef, makeMarks, readableMetrics, RECEIVED_AT, silent } from '../testing/builders.ts'
import { type Ending, record } from './record.ts'

const NOW = RECEIVED_AT + 90_000
const SUCCEEDED: Ending = { outcome: 'succeeded', reason: 'the Job completed' }
const withJob = makeRun({ job: makeJobRef() })

test('the result is kept with the run, and cooldown and count stand before it leaves the queue', async () => {
  const { deps, done } = given()
  const result = await record(withJob, { ...SUCCEEDED, jobTimes: { endedAt: 2 } }, deps)
  expect(result).toEqual({ ...SUCCEEDED, finishedAt: NOW })
  expect(done.sort()).toEqual(
    [
      `save ${JSON.stringify({ ...withJob, result })}`,
      `finish ${episode(withJob.dedupId, makeAlert().startsAt)} ${7 * 24 * 3_600_000}`,
      `cooldown ${withJob.dedupId} ${withJob.id} 60000`,
      `ended ${withJob.id} succeeded {"endedAt":2}`,
    ].sort(),
  )
})

test.each([
  { operario: { cooldownMs: 5_000 }, want: 5_000 },
  { operario: { cooldownMs: 0 }, want: 0 },
  { operario: {}, want: 60_000 },
])('an Operario with $operario keeps the alert quiet for $want ms', async ({ operario, want }) => {
  const { deps, done } = given()
  const run = { ...withJob, operario: { configMap: 'a/b', key: 'k', resourceVersion: '1', ...operario } }
  await record(run, SUCCEEDED, deps)
  expect(done).toContain(`cooldown ${run.dedupId} ${run.id} ${want}`)
})

test('a run that had no Job leads to no cooldown and counts none', async () => {
  const { deps, done } = given()
  await record(makeRun(), { outcome: 'unmatched', reason: 'no ConfigMap' }, deps)
  expect(done.map((line) => line.split(' ')[0])).toEqual(['save', 'ended'])
})

test('a defective alert can be recorded too', async () => {
  const { deps } = given()
  const alert = { invalid: 'wrong', status: 'firing', fingerprint: 'f', excerpt: '{}' } as const
  const result = await record(makeRun({ alert }), { outcome: 'invalid', reason: 'wrong' }, deps)
  expect(result.outcome).toBe('invalid')
})

test('outcomes and the time from webhook to end are counted', async () => {
  const { deps, read } = given()
  await record(withJob, SUCCEEDED, deps)
  await record(withJob, { outcome: 'failed', reason: 'x' }, deps)
  await record(makeRun(), { outcome: 'expired', reason: 'x' }, deps)
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

test.each(['save', 'finishJob'])('when %s fails the run does not count as ended', async (what) => {
  const { deps, read } = given(what)
  await expect(record(withJob, SUCCEEDED, deps)).rejects.toThrow('Redis is away')
  expect(await read('opifer_runs_total')).toEqual({})
})

function given(broken = '') {
  const done: string[] = []
  const write = (what: string, text: string) => {
    if (what === broken) return Promise.reject(new Error('Redis is away'))
    done.push(text)
    return Promise.resolve()
  }
  const { metrics, read } = readableMetrics()
  const marks = makeMarks({
    async finishJob({ dedupId, episode: finished, runId, cooldownMs, keepMs }, lock) {
      expect(lock).toBe(LOCK)
      await write('finishJob', `finish ${finished} ${keepMs}`)
      await write('finishJob', `cooldown ${dedupId} ${runId} ${cooldownMs}`)
    },
  })
  const save = (run: Run) => write('save', `save ${JSON.stringify(run)}`)
  const history = makeHistory(done)
  return {
    deps: { marks, save, history, lock: LOCK, metrics, log: silent, now: () => NOW, cooldown: 60_000 },
    done,
    read,
  }
}
