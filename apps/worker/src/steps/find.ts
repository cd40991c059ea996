import { type JobRef, LABEL } from '@opifer/core'
import { type Job, jobsPath, type KubeApi } from '../kubernetes/client/api.ts'
import { classify } from '../kubernetes/client/errors.ts'
import type { Jobs } from '../kubernetes/informers/jobs.ts'
import type { Refusal } from './admit.ts'

/** What there is of a Job that an earlier turn may have made. */
export type Finding =
  | { kind: 'found'; job: JobRef }
  | { kind: 'none' }
  /** None is there, but one may have been. */
  | ({ kind: 'unseen' } & Refusal)

export interface FindRequest {
  runId: string
  /** Since when a turn may have made a Job that nobody knows of, in milliseconds since the epoch. */
  unsureSince: number | undefined
  /** How long the Job would be kept after its end. */
  ttlSeconds: number
}

export interface FindDeps {
  api: Pick<KubeApi, 'list'>
  jobs: Pick<Jobs, 'of'>
  /** Where Jobs are created. */
  namespace: string
  now: () => number
}

/** Looks for the Job of a run, in what the watch has shown and else at the API server. Throws a `RetryError`. */
export async function findJob(request: FindRequest, { api, jobs, namespace, now }: FindDeps): Promise<Finding> {
  const { runId } = request
  const shown = jobs.of(runId)
  if (shown) return { kind: 'found', job: { ...shown, createdAt: now(), adopted: true } }
  const collection = { path: jobsPath(namespace), labelSelector: `${LABEL.runId}=${runId}` }
  const { items } = await api.list<Job>(collection, AbortSignal.timeout(TIMEOUT_MS)).catch((error: unknown) => {
    throw classify(error, `looking for the Job of run ${runId}`)
  })
  const [job] = items
  if (!job) return mayBeGone(request, now()) ? UNSEEN : { kind: 'none' }
  const { name, uid } = job.metadata
  return { kind: 'found', job: { namespace, name, uid, createdAt: now(), adopted: true } }
}

const TIMEOUT_MS = 15_000

/**
 * Whether a Job can have been made, ended and been deleted with nobody seeing it. While it can't, creating it again is
 * safe: its name is taken.
 */
export function mayBeGone({ unsureSince, ttlSeconds }: Omit<FindRequest, 'runId'>, now: number): boolean {
  if (unsureSince === undefined) return false
  const elapsed = now - unsureSince
  return elapsed >= ttlSeconds * 1_000 - CLOCK_SKEW_MS || elapsed < -CLOCK_SKEW_MS
}

/** The time was noted by another process, whose clock may differ so much. Where it differs by more, nobody can tell. */
const CLOCK_SKEW_MS = 10_000

const UNSEEN = {
  kind: 'unseen',
  outcome: 'lost',
  reason: 'nobody knows what became of a call that was to create its Job: the Job may have come and gone',
} as const
