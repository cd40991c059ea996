import { type JobRef, jobState } from '@opifer/core'
import { classify } from '../kubernetes/client/errors.ts'
import type { KubeApi } from '../kubernetes/client/api.ts'
import type { Jobs, ObservedJob } from '../kubernetes/informers/jobs.ts'

export interface TrackDeps {
  api: Pick<KubeApi, 'getJob'>
  jobs: Pick<Jobs, 'seen'> & { informer: Pick<Jobs['informer'], 'lastEventAge'> }
}

/**
 * How far the Job is. An end that the watch has shown is final; that a Job still runs is believed only while the watch is
 * well, and that it is gone never without asking.
 */
export async function track(job: JobRef, { api, jobs }: TrackDeps): Promise<ObservedJob> {
  const seen = jobs.seen(job)
  if (seen?.state === 'succeeded' || seen?.state === 'failed') return seen
  if (seen?.state === 'running' && jobs.informer.lastEventAge() < TRUSTED_MS) return seen
  const found = await api.getJob(job.namespace, job.name).catch((error: unknown) => {
    throw classify(error, `reading Job ${job.namespace}/${job.name}`)
  })
  return found?.metadata.uid === job.uid ? jobState(found) : { state: 'gone' }
}

/** A watch is opened anew every 20 seconds; one that was silent for longer may have missed something. */
const TRUSTED_MS = 30_000

/**
 * Milliseconds until a run looks after its Job by itself, should nothing wake it before: as long again as the Job has
 * been running, within bounds.
 */
export function nextLook(job: JobRef, now: number, random: () => number): number {
  const age = Math.max(now - job.createdAt, 0)
  const delay = Math.min(Math.max(age, 15_000), 120_000)
  return Math.round(delay * (0.9 + 0.2 * random()))
}
