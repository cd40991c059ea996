import { expect, test } from 'vitest'
import type { KubeApi, Pod } from '../kubernetes/client/api.ts'
import { makeJobRef, silent } from '../testing/builders.ts'
import { readOutcome } from './outcome.ts'

const FAILED = { state: 'failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the limit' } as const

test('a completed Job is succeeded, without a call for its pods', async () => {
  const api = {
    listPods: () => Promise.reject(new Error('not asked')),
    podLog: () => Promise.reject(new Error('not asked')),
  }
  const observed = { state: 'succeeded', startedAt: 1, endedAt: 2 } as const
  expect(await readOutcome(makeJobRef(), observed, { api: api as object as KubeApi, log: silent })).toEqual({
    outcome: 'succeeded',
    reason: 'the Job completed',
    jobTimes: { startedAt: 1, endedAt: 2 },
  })
})

test('a deleted Job is lost, never succeeded', async () => {
  expect(await readOutcome(makeJobRef(), { state: 'gone' }, withExits())).toEqual({
    outcome: 'lost',
    reason: 'Job default/cleanup was deleted before its result was seen',
  })
})

test.each([
  { codes: [3], message: 'too often', want: 'BackoffLimitExceeded: too often; exit code 3' },
  { codes: [3, 137, 3], message: 'too often', want: 'BackoffLimitExceeded: too often; exit code 3, 137' },
  { codes: [], message: 'too often', want: 'BackoffLimitExceeded: too often' },
  { codes: [1], message: '', want: 'BackoffLimitExceeded; exit code 1' },
])('a failed Job with exit codes $codes has the reason "$want"', async ({ codes, message, want }) => {
  const end = await readOutcome(makeJobRef(), { ...FAILED, message }, withExits(...codes))
  expect(end).toMatchObject({ outcome: 'failed', reason: want })
  expect(end.exits?.map(({ exitCode }) => exitCode)).toEqual(codes)
  expect(end.log).toBe(codes.length > 0 ? 'the last line' : undefined)
})

function withExits(...codes: number[]) {
  const pods = codes.map(
    (exitCode, index): Pod => ({
      metadata: {
        name: `pod-${index}`,
        namespace: 'default',
        uid: String(index),
        resourceVersion: '1',
        creationTimestamp: '',
      },
      status: { containerStatuses: [{ name: 'main', state: { terminated: { exitCode } } }] },
    }),
  )
  const api = { listPods: async () => pods, podLog: async () => 'the last line\n' }
  return { api: api as object as KubeApi, log: silent }
}
