import type { Outcome, Run } from '@opifer/core'
import { makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { makeHold, makeJobRef, readableMetrics, RECEIVED_AT, silent } from '../testing/builders.ts'
import { observeTurns } from './observe.ts'
import type { Turn } from './run.ts'
import type { TurnContext } from './steps.ts'

test('how long a run waited is told at its first turn, and at no other', async () => {
  const { observe, read } = given(async (run) => over(run, 'succeeded'))
  await observe(makeRun(), { isFirst: true })
  await observe(makeRun(), { isFirst: false })
  expect(await read('opifer_run_waiting_seconds')).toMatchObject({ '5': 0, '10': 1 })
})

test('how long it took to the Job is told in the turn that made it', async () => {
  const { observe, read } = given(async (run) => waiting(run))
  await observe(makeRun())
  await observe(makeRun({ job: makeJobRef() }))
  expect(await read('opifer_run_time_to_job_seconds')).toMatchObject({ '1': 0, '2.5': 1, '3600': 1 })
})

test('the trace has the run, its alert and what became of it', async () => {
  const { observe, attributes } = given(async (run) => over(run, 'failed'))
  const run = makeRun({ groupKey: '{}:{alertname="secret"}' })
  await observe(run)
  expect(attributes()).toEqual({
    'opifer.run.id': run.id,
    'opifer.group_key.hash': expect.stringMatching(/^g[0-9a-z]+$/),
    'opifer.alertname': 'DiskSpaceLow',
    'opifer.outcome': 'failed',
  })
})

test('an end is told once: not again by a turn that finds it written down already', async () => {
  const { observe, ends } = given(async (run) => over(run, 'failed'))
  await observe(makeRun())
  await observe(makeRun({ result: { outcome: 'failed', reason: 'exit code 1', finishedAt: 0 } }))
  expect(ends).toEqual(['failed'])
})

test('a turn that throws tells no end', async () => {
  const { observe, ends } = given(() => Promise.reject(new Error('the API server did not answer')))
  await expect(observe(makeRun())).rejects.toThrow('did not answer')
  expect(ends).toEqual([])
})

function given(takeTurn: (run: Run) => Promise<Turn>) {
  const { metrics, read } = readableMetrics()
  const told: object[] = []
  const ends: Outcome[] = []
  const turns = observeTurns(takeTurn, {
    metrics,
    tracing: { annotate: (attributes) => void told.push(attributes()) },
    onEnd: (_run, { outcome }) => void ends.push(outcome),
    now: () => RECEIVED_AT + 7_000,
  })
  const context = { isFirst: true, lastError: undefined, log: silent }
  return {
    observe: (run: Run, overrides: Partial<TurnContext> = {}) =>
      turns(run, { ...context, ...makeHold(), ...overrides }),
    read,
    attributes: () => Object.assign({}, ...told) as object,
    ends,
  }
}

function waiting(run: Run): Turn {
  return { kind: 'waiting', run: { ...run, job: makeJobRef({ createdAt: RECEIVED_AT + 2_000 }) } }
}

function over(run: Run, outcome: Outcome): Turn {
  return { kind: 'over', result: run.result ?? { outcome, reason: 'because', finishedAt: RECEIVED_AT + 8_000 } }
}
