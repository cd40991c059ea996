import {
  type Alert,
  ANNOTATION,
  alertKeyOf,
  buildJob,
  type JobBuild,
  type JobManifest,
  type JobRef,
  jobState,
  LABEL,
  type Operario,
  type Run,
} from '@opifer/core'
import { PermanentError } from '../errors.ts'
import { type CreatedJob, type Job, jobRef } from '../kubernetes/client/api.ts'
import { ApiError, classify, isIndeterminate } from '../kubernetes/client/errors.ts'
import type { Attempt, Rejection, RunContext } from './context.ts'
import { type JobLookup, lookUpJob, mayHaveExpired } from './look-up.ts'

export interface CreateRequest {
  run: Run
  attempt: Attempt
  alert: Alert
  operario: Operario
}

export type Creation = { kind: 'created' | 'adopted'; job: JobRef } | Rejection

/**
 * Creates the run's Job, or adopts the one that exists. All attempts use the same names, so the API server itself permits
 * one unfinished Job per alert. Throws a `RetryError` for whatever may pass.
 */
export async function create(request: CreateRequest, context: RunContext): Promise<Creation> {
  const { run, attempt } = request
  const { log, metrics, jobs } = context
  const earlier = await findEarlier(run, attempt, context)
  if (earlier.kind === 'rejected') return earlier
  const creation = earlier.kind === 'found' ? adopt(earlier.job) : await createNumbered(request, context)
  if (creation.kind === 'rejected') return creation
  const { kind, job } = creation
  log.info({ job: job.name, namespace: job.namespace }, `Job ${kind}`)
  if (kind === 'adopted') jobs.adopt(job, run.id)
  else metrics.created()
  return creation
}

/** The Job of an earlier attempt. If it has been deleted, its name is free, and a create would make a second Job. */
async function findEarlier(run: Run, attempt: Attempt, context: RunContext): Promise<JobLookup> {
  const known = context.jobs.of(run.id)
  if (known) return { kind: 'found', job: known }
  // An older version, which named Jobs differently, may have created it.
  const isOtherName = run.alertKey === undefined && attempt.inDoubtSince !== undefined
  return isOtherName || mayHaveExpired(run, attempt, context) ? lookUpJob(run, attempt, context) : { kind: 'none' }
}

/** Counts up until a number is free or taken by an unfinished Job of this alert. */
async function createNumbered(request: CreateRequest, context: RunContext): Promise<Creation> {
  const first = request.attempt.nextJob
  for (let number = first; number < first + MAX_NUMBERS; number++) {
    const build = buildJob({ ...request, number }, context.settings.job)
    if (!build.ok) return { kind: 'rejected', outcome: 'invalid', reason: build.reason }
    const creation =
      (await adoptRunning(build.job, request.run, context)) ?? (await createOne(build.job, request, context))
    if (creation.kind === 'finished') continue
    if (creation.kind === 'created') logBuild(creation.job, build, context)
    return creation
  }
  return { kind: 'rejected', outcome: 'invalid', reason: `${MAX_NUMBERS} finished Jobs of this alert still exist` }
}

/** TTL removes finished Jobs, and numbers count up from the last known one: no cooldown leaves more than this. */
const MAX_NUMBERS = 100

type Finished = { kind: 'finished' }

function logBuild({ name }: JobRef, { job, warnings }: JobBuild & { ok: true }, { log }: RunContext): void {
  const variables = job.spec?.template.spec?.containers[0]?.env?.map((variable) => variable.name)
  // The Operarios guide tells authors to look for these words.
  log.info({ variables }, 'Adding labels as environment variables')
  for (const warning of warnings) log.warn({ job: name, warning }, 'Job differs from its manifest')
}

/**
 * Adopts a running Job of the alert that has another name: the number is unknown because Redis lost it, or the author
 * renamed the manifest.
 */
async function adoptRunning(ours: JobManifest, run: Run, context: RunContext): Promise<Creation | undefined> {
  const running = context.jobs.unfinished(alertKeyOf(run))
  if (running === undefined || running.name === ours.metadata.name) return undefined
  const verdict = await judge(running, ours, run.id, context)
  return verdict.kind === 'adopted' ? verdict : undefined
}

async function createOne(ours: JobManifest, request: CreateRequest, context: RunContext): Promise<Creation | Finished> {
  const { namespace, name } = ours.metadata
  try {
    const { job, warnings } = await context.limiter.run(() => send(ours, request.attempt, context))
    for (const warning of warnings) context.log.warn({ job: name, warning }, 'API server warning about a Job')
    return { kind: 'created', job: precise(jobRef(job), context.now()) }
  } catch (error) {
    if (isNameTaken(error)) return judge({ namespace, name }, ours, request.run.id, context)
    const classified = classify(error, `creating Job ${namespace}/${name}`)
    if (classified instanceof PermanentError)
      return { kind: 'rejected', outcome: 'invalid', reason: classified.message }
    throw classified
  }
}

/** A `creationTimestamp` has whole seconds; for a Job just created, our clock adds the milliseconds. */
function precise(job: JobRef, now: number): JobRef {
  return { ...job, createdAt: Math.min(Math.max(now, job.createdAt), job.createdAt + 999) }
}

/**
 * Sends the create only while the lease is held and the create is marked as in doubt, so a lost answer is on record. The
 * second half of the lease's time is left for the request to arrive.
 */
async function send(job: JobManifest, attempt: Attempt, context: RunContext): Promise<CreatedJob> {
  const { api, transitions, lease, now } = context
  const isMarked = attempt.markedAt !== undefined && performance.now() - attempt.markedAt < lease.durationMs / 2
  if (!isMarked) await transitions.markInDoubt(lease, now())
  return api.createJob(job).catch(async (error: unknown) => {
    const isSettled = !isIndeterminate(error) && !isNameTaken(error)
    // An earlier create that is still in doubt stays so, and so does this one if Redis does not answer.
    if (isSettled && attempt.inDoubtSince === undefined) await transitions.settle(lease).catch(() => {})
    throw error
  })
}

/** Decides whose Job has the name. */
async function judge(
  { namespace, name }: Pick<JobRef, 'namespace' | 'name'>,
  ours: JobManifest,
  runId: string,
  { api }: RunContext,
): Promise<Creation | Finished> {
  const existing = await api.getJob(namespace, name).catch((error: unknown) => {
    throw classify(error, `reading Job ${namespace}/${name}`)
  })
  // Deleted between the two calls; its number counts as used.
  if (!existing) return { kind: 'finished' }
  if (existing.metadata.labels?.[LABEL.runId] === runId) return adopt(jobRef(existing))
  if (!isSameWork(existing, ours)) {
    const reason = `name taken by Job ${namespace}/${name}, which was not created for this alert and Operario`
    return { kind: 'rejected', outcome: 'invalid', reason }
  }
  return jobState(existing).state === 'running' ? adopt(jobRef(existing)) : { kind: 'finished' }
}

/** The same alert and the same Operario, in whatever version of its ConfigMap. */
function isSameWork({ metadata: { annotations = {} } }: Job, ours: JobManifest): boolean {
  const mine = ours.metadata.annotations
  return annotations[ANNOTATION.alertKey] === mine[ANNOTATION.alertKey] && operarioOf(annotations) === operarioOf(mine)
}

function operarioOf(annotations: Record<string, string>): string | undefined {
  return annotations[ANNOTATION.operario]?.split('@', 1)[0]
}

function adopt(job: JobRef): Creation {
  return { kind: 'adopted', job: { ...job, adopted: true } }
}

function isNameTaken(error: unknown): boolean {
  return error instanceof ApiError && error.status.code === 409 && error.status.reason === 'AlreadyExists'
}
