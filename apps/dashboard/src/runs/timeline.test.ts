import { makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { queuedRun, type ShownRun } from './shown-run.ts'
import { aftermath, timeline } from './timeline.ts'

const AT = Date.parse('2026-11-24T08:00:00Z')
const JOB = { namespace: 'openfero', name: 'cleanup-1', uid: 'u', createdAt: AT + 2_000 }

function shown(overrides: Partial<ShownRun> = {}): ShownRun {
  return { ...queuedRun(makeRun({ receivedAt: AT })), startedAt: AT + 20, ...overrides }
}

test('timeline lists the stages in order, each with the time since the previous one', () => {
  const errors = [
    { at: AT + 500, message: 'before the Job' },
    { at: AT + 5_000, message: 'after it' },
  ]
  const result = { outcome: 'failed', reason: 'DeadlineExceeded', finishedAt: AT + 9_000 } as const
  const jobTimes = { startedAt: AT + 3_000, endedAt: AT + 8_000 }
  const stages = timeline(shown({ job: JOB, jobTimes, attempts: 2, errors, result }))
  expect(stages.map(({ what, after }) => [what, after])).toEqual([
    ['Received', undefined],
    ['Picked up by a worker', 20],
    ['Attempt 1 failed', 480],
    ['Job created', 1_500],
    ['Job started', 1_000],
    ['Attempt 2 failed', 2_000],
    ['Job ended', 3_000],
    ['Recorded as failed', 1_000],
  ])
})

test('timeline numbers the last attempts correctly when earlier ones are dropped', () => {
  const stages = timeline(shown({ attempts: 30, errors: [{ at: AT + 500, message: 'x' }] }))
  expect(stages.map(({ what }) => what)).toContain('Attempt 30 failed')
})

test('timeline shows no negative times when clocks differ', () => {
  const stages = timeline(shown({ job: JOB, jobTimes: { startedAt: AT + 1_000 } }))
  expect(stages.find(({ what }) => what === 'Job started')?.after).toBe(0)
})

test.each([
  [shown({ startedAt: undefined }), 'Waiting for a worker'],
  [shown(), 'Waiting for a Job'],
  [shown({ job: JOB }), 'Waiting for the Job to end'],
])('the last stage of a run in progress is what it waits for: %#', (run, what) => {
  expect(timeline(run).at(-1)).toMatchObject({ kind: 'next', what })
})

test('a run that left the queue waits for nothing', () => {
  expect(timeline(shown({ job: JOB, leftQueue: true })).at(-1)).toMatchObject({ what: 'No longer in the queue' })
})

const ENDED = shown({ result: { outcome: 'succeeded', reason: '', finishedAt: AT + 10_000 } })

function later(status: 'firing' | 'resolved', receivedAt: number, retryOf?: string): ShownRun {
  const run = makeRun({ receivedAt })
  return queuedRun({ ...run, alert: { ...run.alert, status }, ...(retryOf !== undefined && { retryOf }) })
}

test.each([
  [[], 'The alert has not been received since.'],
  [[later('resolved', AT + 70_000)], 'The alert resolved 1 min after this run ended.'],
  [[later('resolved', AT + 5_000)], 'The alert resolved before this run ended.'],
  [[later('resolved', AT + 90_000), later('firing', AT + 40_000)], 'The alert fired again 30 s after this run ended.'],
  [[later('firing', AT + 40_000, 'run-1')], 'An operator retried it 30 s after this run ended.'],
])('the aftermath of a run is what the alert did next: %#', (runs, text) => {
  expect(aftermath(ENDED, runs)).toBe(text)
})

test('a run in progress has no aftermath', () => {
  expect(aftermath(shown(), [])).toBeUndefined()
})
