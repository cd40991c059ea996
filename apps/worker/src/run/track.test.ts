import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { RetryError } from '../errors.ts'
import type { Job, KubeApi } from '../kubernetes/client/api.ts'
import { ApiError } from '../kubernetes/client/errors.ts'
import type { ObservedJob } from '../kubernetes/informers/jobs.ts'
import { COMPLETE, FAILED, makeJob, makeJobRef } from '../testing/builders.ts'
import { makeContext, makeJobs } from '../testing/context.ts'
import { pollDelay, track } from './track.ts'

const RUNNING = { state: 'running' } as const
const SUCCEEDED = { state: 'succeeded' } as const
const HAS_FAILED = { state: 'failed', reason: 'BackoffLimitExceeded', message: 'too often' } as const
const GONE = { state: 'gone' } as const

test.each<{ what: string; seen?: ObservedJob; lastEventAge?: number; found?: Job; calls: number; want: ObservedJob }>([
  { what: 'seen to end', seen: SUCCEEDED, calls: 0, want: SUCCEEDED },
  { what: 'seen to end long ago', seen: HAS_FAILED, lastEventAge: Infinity, calls: 0, want: HAS_FAILED },
  { what: 'running, by a live watch', seen: RUNNING, lastEventAge: 29_999, calls: 0, want: RUNNING },
  {
    what: 'running, by a silent watch that missed the end',
    seen: RUNNING,
    lastEventAge: 30_000,
    found: makeJob({}, COMPLETE),
    calls: 1,
    want: SUCCEEDED,
  },
  {
    what: 'running, by a silent watch that missed nothing',
    seen: RUNNING,
    lastEventAge: 30_000,
    found: makeJob(),
    calls: 1,
    want: RUNNING,
  },
  { what: 'unknown to the watch', found: makeJob({}, FAILED), calls: 1, want: HAS_FAILED },
  { what: 'unknown to the watch and to the API server', calls: 1, want: GONE },
  { what: 'deleted, by the watch and the API server', seen: GONE, calls: 1, want: GONE },
  { what: 'deleted, by the watch but not the API server', seen: GONE, found: makeJob(), calls: 1, want: RUNNING },
  { what: 'replaced by another Job with its name', found: makeJob({ uid: 'other' }, COMPLETE), calls: 1, want: GONE },
])('a Job $what is $want.state', async ({ seen, lastEventAge = 0, found, calls, want }) => {
  let called = 0
  const getJob: KubeApi['getJob'] = async (namespace, name) => {
    called++
    expect([namespace, name]).toEqual(['default', 'cleanup'])
    return found
  }
  const jobs = makeJobs({ observed: seen, lastEventAge })
  expect(await track(makeJobRef(), makeContext({ api: { getJob } }, { jobs }))).toEqual(want)
  expect(called).toBe(calls)
})

test('an API server that answers with an error does not end the Job', async () => {
  const unavailable = new ApiError({ code: 503, reason: 'ServiceUnavailable', message: '', retryAfterMs: 1_000 })
  const context = makeContext({ api: { getJob: () => Promise.reject(unavailable) } })
  const error = await track(makeJobRef(), context).catch((thrown: unknown) => thrown)
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
])('a Job of $age ms is polled after about $want ms', ({ age, want }) => {
  const job = makeJobRef()
  expect(pollDelay(job, job.createdAt + age, () => 0)).toBe(want * 0.9)
  expect(pollDelay(job, job.createdAt + age, () => 0.5)).toBe(want)
})

test('the poll delay is between 13.5 s and 132 s', () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.integer(), chance, (age, random) => {
      const job = makeJobRef()
      const delay = pollDelay(job, job.createdAt + age, () => random)
      expect(Number.isInteger(delay)).toBe(true)
      expect(delay).toBeGreaterThanOrEqual(13_500)
      expect(delay).toBeLessThanOrEqual(132_000)
    }),
  )
})
