import { expect, test } from 'vitest'
import type { Pod } from '../kubernetes/client/api.ts'
import { makeJobRef, silent } from '../testing/builders.ts'
import { conclude } from './conclude.ts'

const FAILED = { state: 'failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the limit' } as const

test('a Job that succeeded has succeeded, and nobody looks for its remains', async () => {
  const api = {
    listPods: () => Promise.reject(new Error('not asked')),
    podLog: () => Promise.reject(new Error('not asked')),
  }
  const sighting = { state: 'succeeded', startedAt: 1, endedAt: 2 } as const
  expect(await conclude(makeJobRef(), sighting, api, silent)).toEqual({
    outcome: 'succeeded',
    reason: 'the Job completed',
    jobTimes: { startedAt: 1, endedAt: 2 },
  })
})

test('a Job that is gone is lost, never succeeded', async () => {
  expect(await conclude(makeJobRef(), { state: 'gone' }, withExits(), silent)).toEqual({
    outcome: 'lost',
    reason: 'Job default/cleanup was gone before its end was seen',
  })
})

test.each([
  { codes: [3], message: 'too often', want: 'BackoffLimitExceeded: too often; exit code 3' },
  { codes: [3, 137, 3], message: 'too often', want: 'BackoffLimitExceeded: too often; exit code 3, 137' },
  { codes: [], message: 'too often', want: 'BackoffLimitExceeded: too often' },
  { codes: [1], message: '', want: 'BackoffLimitExceeded; exit code 1' },
])('a failed Job with exit codes $codes is told as "$want"', async ({ codes, message, want }) => {
  const ending = await conclude(makeJobRef(), { ...FAILED, message }, withExits(...codes), silent)
  expect(ending).toMatchObject({ outcome: 'failed', reason: want })
  expect(ending.exits?.map(({ exitCode }) => exitCode)).toEqual(codes)
  expect(ending.log).toBe(codes.length > 0 ? 'the last line' : undefined)
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
  return { listPods: async () => pods, podLog: async () => 'the last line\n' }
}
