import { expect, test } from 'vitest'
import { type JobWithStatus, jobState } from './job-status.ts'

test.each([
  ['no status', {}],
  ['an empty status', { status: {} }],
  ['failed pods, but retries left', { status: { failed: 3, active: 1 } }],
  ['a succeeded pod, but no end yet', { status: { succeeded: 1, conditions: [] } }],
  ['a condition that only announces success', { status: { conditions: [is('SuccessCriteriaMet')] } }],
  ['a condition that only announces failure', { status: { conditions: [is('FailureTarget')] } }],
  ['a suspension', { status: { conditions: [is('Suspended')] } }],
  ['an end that is not true', { status: { conditions: [is('Complete', 'False'), is('Failed', 'Unknown')] } }],
])('jobState treats a Job with %s as running', (_, job) => {
  expect(jobState(job as JobWithStatus)).toEqual({ state: 'running' })
})

test('jobState recognizes a completed Job', () => {
  expect(jobState({ status: { conditions: [is('SuccessCriteriaMet'), is('Complete')] } })).toEqual({
    state: 'succeeded',
  })
})

test('jobState recognizes a failed Job with its reason', () => {
  const failed = { ...is('Failed'), reason: 'BackoffLimitExceeded', message: 'too often' }
  expect(jobState({ status: { conditions: [is('FailureTarget'), failed] } })).toEqual({
    state: 'failed',
    reason: 'BackoffLimitExceeded',
    message: 'too often',
  })
})

test('jobState reports a failure without a reason', () => {
  expect(jobState({ status: { conditions: [is('Failed')] } })).toEqual({
    state: 'failed',
    reason: 'Failed',
    message: '',
  })
})

function is(type: string, status = 'True') {
  return { type, status }
}

test('jobState reads start and end from the status', () => {
  const startTime = '2026-11-24T08:00:00Z'
  const ended = (type: string, fields: object = {}) =>
    jobState({
      status: {
        startTime,
        ...fields,
        conditions: [{ type, status: 'True', lastTransitionTime: '2026-11-24T08:00:09Z' }],
      },
    })
  const startedAt = Date.parse(startTime)
  expect(ended('Failed')).toMatchObject({ state: 'failed', startedAt, endedAt: startedAt + 9_000 })
  expect(ended('Complete', { completionTime: '2026-11-24T08:00:07Z' })).toEqual({
    state: 'succeeded',
    startedAt,
    endedAt: startedAt + 7_000,
  })
  expect(ended('Complete', { startTime: 'yesterday' })).toMatchObject({ startedAt: undefined })
})
