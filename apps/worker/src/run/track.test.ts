import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { RetryError } from '../errors.ts'
import type { Job } from '../kubernetes/client/api.ts'
import { ApiError } from '../kubernetes/client/errors.ts'
import type { ObservedJob } from '../kubernetes/informers/jobs.ts'
import { COMPLETE, FAILED, makeJob, makeJobRef } from '../testing/builders.ts'
import { nextLook, track } from './track.ts'

const RUNNING = { state: 'running' } as const
const SUCCEEDED = { state: 'succeeded' } as const
const HAS_FAILED = { state: 'failed', reason: 'BackoffLimitExceeded', message: 'too often' } as const
const GONE = { state: 'gone' } as const

test.each<{ what: string; seen?: ObservedJob; silentFor?: number; found?: Job; asked: number; want: ObservedJob }>([
  { what: 'an end that was seen', seen: SUCCEEDED, asked: 0, want: SUCCEEDED },
  { what: 'an end that was seen, however long ago', seen: HAS_FAILED, silentFor: Infinity, asked: 0, want: HAS_FAILED },
  { what: 'running by a watch that is well', seen: RUNNING, silentFor: 29_999, asked: 0, want: RUNNING },
  {
    what: 'running by a watch that is silent',
    seen: RUNNING,
    silentFor: 30_000,
    found: makeJob({}, COMPLETE),
    asked: 1,
    want: SUCCEEDED,
  },
  {
    what: 'running by a watch that is silent, and indeed',
    seen: RUNNING,
    silentFor: 30_000,
    found: makeJob(),
    asked: 1,
    want: RUNNING,
  },
  { what: 'never seen, but there', found: makeJob({}, FAILED), asked: 1, want: HAS_FAILED },
  { what: 'never seen and not there', asked: 1, want: GONE },
  { what: 'gone by the watch, and indeed', seen: GONE, asked: 1, want: GONE },
  { what: 'gone by the watch, but there', seen: GONE, found: makeJob(), asked: 1, want: RUNNING },
  { what: 'replaced by another of the name', found: makeJob({ uid: 'other' }, COMPLETE), asked: 1, want: GONE },
])('a Job that is $what is $want.state', async ({ seen, silentFor = 0, found, asked, want }) => {
  let calls = 0
  const sighting = await track(makeJobRef(), {
    api: {
      async getJob(namespace, name) {
        calls++
        expect([namespace, name]).toEqual(['default', 'cleanup'])
        return found
      },
    },
    jobs: jobsThatShow(seen, silentFor),
  })
  expect(sighting).toEqual(want)
  expect(calls).toBe(asked)
})

test('an API server that does not answer is no end', async () => {
  const unavailable = new ApiError({ code: 503, reason: 'ServiceUnavailable', message: '', retryAfterMs: 1_000 })
  const tracking = track(makeJobRef(), {
    api: { getJob: () => Promise.reject(unavailable) },
    jobs: jobsThatShow(undefined, Infinity),
  })
  const error = await tracking.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(RetryError)
  expect(error).toMatchObject({ retryAfterMs: 1_000 })
})

test.each([
  { age: -60_000, want: 15_000 },
  { age: 0, want: 15_000 },
  { age: 15_000, want: 15_000 },
  { age: 60_000, want: 60_000 },
  { age: 120_000, want: 120_000 },
  { age: 86_400_000, want: 120_000 },
])('a Job of $age ms is looked after in $want ms, more or less', ({ age, want }) => {
  const job = makeJobRef()
  expect(nextLook(job, job.createdAt + age, () => 0)).toBe(want * 0.9)
  expect(nextLook(job, job.createdAt + age, () => 0.5)).toBe(want)
})

test('the next look is never nearer than 13.5 s and never farther than 132 s', () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.integer(), chance, (age, random) => {
      const job = makeJobRef()
      const delay = nextLook(job, job.createdAt + age, () => random)
      expect(Number.isInteger(delay)).toBe(true)
      expect(delay).toBeGreaterThanOrEqual(13_500)
      expect(delay).toBeLessThanOrEqual(132_000)
    }),
  )
})

function jobsThatShow(sighting: ObservedJob | undefined, silentFor: number) {
  return { seen: () => sighting, informer: { lastEventAge: () => silentFor } }
}
