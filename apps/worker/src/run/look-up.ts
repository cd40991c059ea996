import { isInvalid, type JobRef, LABEL, type Run } from '@opifer/core'
import { type Job, jobRef, jobsPath } from '../kubernetes/client/api.ts'
import { classify } from '../kubernetes/client/errors.ts'
import type { Attempt, Rejection, RunContext } from './context.ts'

/** The Job that an earlier attempt may have created before it crashed or lost its answer. */
export type JobLookup =
  | { kind: 'found'; job: JobRef }
  | { kind: 'none' }
  /** None exists, but one may have existed and expired. */
  | Rejection

type Context = Pick<RunContext, 'api' | 'jobs' | 'operarios' | 'settings' | 'now'>

/** Looks a run's Job up by its label, in the informer and else at the API server. Throws a `RetryError`. */
export async function lookUpJob(run: Run, attempt: Attempt, context: Context): Promise<JobLookup> {
  const { api, jobs, settings } = context
  const known = jobs.of(run.id)
  if (known) return { kind: 'found', job: { ...known, adopted: true } }
  const collection = { path: jobsPath(settings.job.namespace), labelSelector: `${LABEL.runId}=${run.id}` }
  const { items } = await api.list<Job>(collection, AbortSignal.timeout(TIMEOUT_MS)).catch((error: unknown) => {
    throw classify(error, `looking up the Job of run ${run.id}`)
  })
  const [job] = items
  if (job) return { kind: 'found', job: { ...jobRef(job), adopted: true } }
  return mayHaveExpired(run, attempt, context) ? NEVER_CONFIRMED : { kind: 'none' }
}

const TIMEOUT_MS = 15_000

/**
 * Whether the Job of a create in doubt can have finished and been deleted by its TTL without being seen. As long as it
 * can't, creating it again under the same name is safe: either there is no Job, or its name is taken.
 */
export function mayHaveExpired(run: Run, { inDoubt }: Attempt, context: Omit<Context, 'api' | 'jobs'>): boolean {
  if (inDoubt === undefined) return false
  const elapsed = context.now() - inDoubt.since
  return elapsed >= ttlOf(run, context) * 1_000 - CLOCK_SKEW_MS || elapsed < -CLOCK_SKEW_MS
}

/** The time was written by another process, whose clock may be this far off. Beyond it, nothing can be concluded. */
const CLOCK_SKEW_MS = 10_000

/** Seconds that a Job of the run is kept after its end. */
function ttlOf({ alert }: Run, { operarios, settings }: Pick<Context, 'operarios' | 'settings'>): number {
  const resolution = isInvalid(alert) ? undefined : operarios.resolve(alert)
  const spec = resolution?.kind === 'found' ? resolution.operario.manifest.spec : undefined
  return spec?.ttlSecondsAfterFinished ?? settings.job.ttlSeconds
}

const NEVER_CONFIRMED: Rejection = {
  kind: 'rejected',
  outcome: 'lost',
  reason: 'the create was never confirmed; the Job may have run and been deleted',
}
