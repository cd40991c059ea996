import { type JobRef, LABEL } from '@opifer/core'
import { type Job, jobsPath, type KubeApi } from '../kubernetes/api.ts'
import { classify } from '../kubernetes/api-errors.ts'
import type { Jobs } from '../kubernetes/jobs.ts'

export interface FindDeps {
  api: Pick<KubeApi, 'list'>
  jobs: Pick<Jobs, 'of'>
  /** Where Jobs are created. */
  namespace: string
  now: () => number
}

/** The Job that was made for a run, by what the watch has shown or else by what the API server says. Throws a `RetryError`. */
export async function findJob(runId: string, { api, jobs, namespace, now }: FindDeps): Promise<JobRef | undefined> {
  const shown = jobs.of(runId)
  if (shown) return { ...shown, createdAt: now() }
  const collection = { path: jobsPath(namespace), labelSelector: `${LABEL.runId}=${runId}` }
  const { items } = await api.list<Job>(collection, AbortSignal.timeout(TIMEOUT_MS)).catch((error: unknown) => {
    throw classify(error, `looking for the Job of run ${runId}`)
  })
  const [job] = items
  if (!job) return undefined
  const { name, uid } = job.metadata
  return { namespace, name, uid, createdAt: now() }
}

const TIMEOUT_MS = 15_000
