import {
  type Alert,
  ANNOTATION,
  buildJob,
  type JobManifest,
  type JobRef,
  type JobSettings,
  jobState,
  LABEL,
  type Operario,
  type Run,
} from '@opifer/core'
import { PermanentError } from '../errors.ts'
import type { Job, KubeApi } from '../kubernetes/client/api.ts'
import type { Jobs } from '../kubernetes/informers/jobs.ts'
import { ApiError, classify } from '../kubernetes/client/errors.ts'
import type { Refusal } from './admit.ts'

export interface CreateRequest {
  run: Run
  alert: Alert
  operario: Operario
  /** Jobs of this episode that are known to have finished. */
  finishedJobs: number
}

export type Creation =
  | {
      kind: 'created' | 'adopted'
      job: JobRef
      /** What was asked for and could not be given. */
      remarks: string[]
      /** What the API server has against the Job though it took it. */
      warnings: string[]
      variables: string[]
    }
  | ({ kind: 'refused' } & Refusal)

export interface CreateDeps {
  api: Pick<KubeApi, 'createJob' | 'getJob'>
  jobs: Pick<Jobs, 'of'>
  settings: JobSettings
  now: () => number
}

/**
 * Creates the run's Job, or finds that it is there already. The name is the same whoever tries, so the API server itself
 * sees to it that there is one Job. Throws a `RetryError` for what may pass.
 */
export async function createJob(request: CreateRequest, deps: CreateDeps): Promise<Creation> {
  for (let number = request.finishedJobs; number < request.finishedJobs + MAX_NAMES; number++) {
    const build = buildJob({ ...request, number }, deps.settings)
    if (!build.ok) return { kind: 'refused', outcome: 'invalid', reason: build.reason }
    const attempt = recall(request.run.id, deps) ?? (await attemptCreate(build.job, request.run.id, deps))
    if (attempt.kind === 'taken') continue
    if (attempt.kind === 'refused') return attempt
    return { ...attempt, remarks: build.remarks, variables: variablesOf(build.job) }
  }
  return { kind: 'refused', outcome: 'invalid', reason: `${MAX_NAMES} finished Jobs of this episode are in the way` }
}

/** Finished Jobs go when their time to live is over; more of one episode than this are not left by any cooldown. */
const MAX_NAMES = 100

type Attempt =
  | { kind: 'created' | 'adopted'; job: JobRef; warnings: string[] }
  /** A finished Job of the episode has the name. */
  | { kind: 'taken' }
  | ({ kind: 'refused' } & Refusal)

/**
 * A Job that an earlier turn made without living to note it. Were it gone by now, its name would be free again, and the
 * run would get a second one.
 */
function recall(runId: string, { jobs, now }: CreateDeps): Attempt | undefined {
  const job = jobs.of(runId)
  return job && { kind: 'adopted', job: { ...job, createdAt: now(), adopted: true }, warnings: [] }
}

async function attemptCreate(manifest: JobManifest, runId: string, { api, now }: CreateDeps): Promise<Attempt> {
  const { namespace, name } = manifest.metadata
  try {
    const { job, warnings } = await api.createJob(manifest)
    return { kind: 'created', job: refTo(job, now()), warnings }
  } catch (error) {
    if (!isAlreadyThere(error)) return refuse(classify(error, `creating Job ${namespace}/${name}`))
  }
  const existing = await api.getJob(namespace, name).catch((error: unknown) => {
    throw classify(error, `reading Job ${namespace}/${name}`)
  })
  // It went away between the two calls: its name is as good as taken.
  return existing ? judge(existing, manifest, runId, now()) : { kind: 'taken' }
}

/** Whose is the Job that has the name? */
function judge(existing: Job, ours: JobManifest, runId: string, now: number): Attempt {
  const { namespace, name, labels, annotations } = existing.metadata
  const adopted: Attempt = { kind: 'adopted', job: { ...refTo(existing, now), adopted: true }, warnings: [] }
  if (labels?.[LABEL.runId] === runId) return adopted
  if (annotations?.[ANNOTATION.episode] !== ours.metadata.annotations[ANNOTATION.episode]) {
    return {
      kind: 'refused',
      outcome: 'invalid',
      reason: `a Job ${namespace}/${name} that is not Opifer's has the name`,
    }
  }
  return jobState(existing).state === 'running' ? adopted : { kind: 'taken' }
}

function isAlreadyThere(error: unknown): boolean {
  return error instanceof ApiError && error.status.code === 409 && error.status.reason === 'AlreadyExists'
}

function refuse(error: Error): Attempt {
  if (error instanceof PermanentError) return { kind: 'refused', outcome: 'invalid', reason: error.message }
  throw error
}

function refTo({ metadata: { namespace, name, uid } }: Job, createdAt: number): JobRef {
  return { namespace, name, uid, createdAt }
}

function variablesOf(job: JobManifest): string[] {
  return job.spec?.template.spec?.containers[0]?.env?.map(({ name }) => name) ?? []
}
