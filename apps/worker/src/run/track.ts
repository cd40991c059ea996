import { type JobRef, jobState } from '@opifer/core'
import { classify } from '../kubernetes/client/errors.ts'
import type { ObservedJob } from '../kubernetes/informers/jobs.ts'
import type { RunContext } from './context.ts'

/**
 * How far a Job is. An end that the informer observed is final. "Running" is trusted only from a live watch, and "gone"
 * never without asking the API server.
 */
export async function track(job: JobRef, { api, jobs }: Pick<RunContext, 'api' | 'jobs'>): Promise<ObservedJob> {
  const observed = jobs.seen(job)
  if (observed?.state === 'succeeded' || observed?.state === 'failed') return observed
  if (observed?.state === 'running' && jobs.informer.lastEventAge() < TRUSTED_MS) return observed
  const found = await api.getJob(job.namespace, job.name).catch((error: unknown) => {
    throw classify(error, `reading Job ${job.namespace}/${job.name}`)
  })
  return found?.metadata.uid === job.uid ? jobState(found) : { state: 'gone' }
}

/** A watch is reopened every 20 seconds; one that was silent for longer may have missed events. */
const TRUSTED_MS = 30_000

/**
 * Milliseconds until a run checks its Job unprompted: as long again as the Job has been running, within bounds.
 *
 * @param now milliseconds since the epoch
 */
export function pollDelay(job: JobRef, now: number, random: () => number): number {
  const age = Math.max(now - job.createdAt, 0)
  const delay = Math.min(Math.max(age, 15_000), 120_000)
  return Math.round(delay * (0.9 + 0.2 * random()))
}
