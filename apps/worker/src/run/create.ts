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
import { PermanentError, RetryError } from '../errors.ts'
import { type CreatedJob, jobRef } from '../kubernetes/client/api.ts'
import { ApiError, classify, isIndeterminate, NoAnswerError } from '../kubernetes/client/errors.ts'
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
  const { log, metrics } = context
  const earlier = await findEarlier(run, attempt, context)
  if (earlier.kind === 'rejected') return earlier
  const creation = earlier.kind === 'found' ? adopt(earlier.job) : await createNumbered(request, context)
  if (creation.kind === 'rejected') return creation
  const { kind, job } = creation
  log.info({ job: job.name, namespace: job.namespace }, `Job ${kind}`)
  // An adopted Job is counted once the run has kept its lease.
  if (kind === 'created') metrics.created()
  return creation
}

/** The Job of an earlier attempt. If it has been deleted, its name is free, and a create would make a second Job. */
async function findEarlier(run: Run, attempt: Attempt, context: RunContext): Promise<JobLookup> {
  const known = context.jobs.of(run.id)
  if (known) return { kind: 'found', job: known }
  // An older version, which named Jobs differently, left a create in doubt.
  const isOtherName = attempt.inDoubt !== undefined && attempt.inDoubt.job === undefined
  return isOtherName || mayHaveExpired(run, attempt, context) ? lookUpJob(run, attempt, context) : { kind: 'none' }
}

/**
 * Counts up until a number is free or taken by an unfinished Job of this alert. Begins with the number of a create in doubt:
 * only under the same name can the API server refuse a second Job.
 */
async function createNumbered(request: CreateRequest, context: RunContext): Promise<Creation> {
  const { run, attempt } = request
  const first = attempt.inDoubt?.job ?? attempt.nextJob
  for (let number = first; number < first + MAX_NUMBERS; number++) {
    const build = buildJob({ ...request, number }, context.settings.job)
    if (!build.ok) return { kind: 'rejected', outcome: 'invalid', reason: build.reason }
    const creation =
      (await adoptRunning(build.job, run, context)) ?? (await createOne(build.job, { run, attempt, number }, context))
    if (creation.kind === 'finished') continue
    if (creation.kind === 'created') logBuild(creation.job, build, context)
    return creation
  }
  throw new RetryError(`${MAX_NUMBERS} finished Jobs of this alert still exist`)
}

/** Numbers count up from the last known one. More are taken only if Redis has lost that, and then the next attempt goes on. */
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

interface NumberedCreate {
  run: Run
  attempt: Attempt
  number: number
}

async function createOne(
  ours: JobManifest,
  numbered: NumberedCreate,
  context: RunContext,
): Promise<Creation | Finished> {
  const { namespace, name } = ours.metadata
  try {
    const { job, warnings } = await context.limiter.run(() => send(ours, numbered, context))
    for (const warning of warnings) context.log.warn({ job: name, warning }, 'API server warning about a Job')
    return { kind: 'created', job: precise(jobRef(job), context.now()) }
  } catch (error) {
    if (isNameTaken(error)) return judge({ namespace, name }, ours, numbered.run.id, context)
    // A lost lease, or a Redis that is down: not the API server's word.
    if (!(error instanceof ApiError || error instanceof NoAnswerError)) throw error
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
async function send(
  job: JobManifest,
  { run, attempt, number }: NumberedCreate,
  context: RunContext,
): Promise<CreatedJob> {
  const { api, transitions, lease, now } = context
  const { mark } = attempt
  const isMarked = mark?.job === number && performance.now() - mark.at < lease.durationMs / 2
  if (!isMarked) await transitions.markInDoubt(run, lease, { from: now(), job: number })
  return api.createJob(job).catch(async (error: unknown) => {
    const isRefused = !isIndeterminate(error) && !isNameTaken(error)
    // An earlier create that is still in doubt stays so, and so does this one if Redis does not answer.
    if (isRefused && attempt.inDoubt === undefined) await transitions.clearInDoubt(lease).catch(() => {})
    throw error
  })
}

/** Decides whose Job has the name. Throws a `RetryError` if that is unknown yet, or that Job must end first. */
async function judge(
  { namespace, name }: Pick<JobRef, 'namespace' | 'name'>,
  ours: JobManifest,
  runId: string,
  { api }: RunContext,
): Promise<Creation | Finished> {
  const existing = await api.getJob(namespace, name).catch((error: unknown) => {
    throw classify(error, `reading Job ${namespace}/${name}`)
  })
  // Deleted between the two calls. It may have been this run's own, which the informer will show.
  if (!existing) throw new RetryError(`Job ${namespace}/${name} was deleted while it was read`)
  const { labels = {}, annotations = {} } = existing.metadata
  if (labels[LABEL.runId] === runId) return adopt(jobRef(existing))
  const expected = ours.metadata.annotations
  if (annotations[ANNOTATION.alertKey] !== expected[ANNOTATION.alertKey]) {
    const reason = `name taken by Job ${namespace}/${name}, which was not created for this alert`
    return { kind: 'rejected', outcome: 'invalid', reason }
  }
  if (jobState(existing).state !== 'running') return { kind: 'finished' }
  if (operarioOf(annotations) === operarioOf(expected)) return adopt(jobRef(existing))
  throw new RetryError(`Job ${namespace}/${name} of another Operario still runs for this alert`)
}

/** Without the version of the ConfigMap. */
function operarioOf(annotations: Record<string, string>): string | undefined {
  return annotations[ANNOTATION.operario]?.split('@', 1)[0]
}

function adopt(job: JobRef): Creation {
  return { kind: 'adopted', job: { ...job, adopted: true } }
}

function isNameTaken(error: unknown): boolean {
  return error instanceof ApiError && error.status.code === 409 && error.status.reason === 'AlreadyExists'
}
