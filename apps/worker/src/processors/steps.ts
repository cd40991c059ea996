import { isInvalid, type JobManifest, type JobSettings, type Run } from '@opifer/core'
import type { HistoryWriter } from '@opifer/history'
import type { Marks } from '@opifer/queue'
import type { Logger } from '@opifer/platform/telemetry'
import type { AdaptiveLimit } from '../kubernetes/adaptive-limit.ts'
import type { KubeApi } from '../kubernetes/api.ts'
import { mayBeDone } from '../kubernetes/api-errors.ts'
import type { Jobs } from '../kubernetes/jobs.ts'
import type { Operarios } from '../kubernetes/operarios.ts'
import type { Hold } from '../queue/hold.ts'
import type { WorkerMetrics } from '../metrics.ts'
import { admit } from '../steps/admit.ts'
import { cancel } from '../steps/cancel.ts'
import { conclude } from '../steps/conclude.ts'
import { createJob } from '../steps/create.ts'
import { findJob, type FindRequest, mayBeGone } from '../steps/find.ts'
import { record } from '../steps/record.ts'
import { track } from '../steps/track.ts'
import type { Steps } from './run.ts'

export interface StepDeps {
  api: KubeApi
  /** Holds creates back when the API server has too much to do. */
  creates: Pick<AdaptiveLimit, 'run'>
  operarios: Pick<Operarios, 'resolve'>
  jobs: Jobs
  marks: Marks
  history: HistoryWriter
  metrics: WorkerMetrics
  now: () => number
}

export interface StepSettings {
  job: JobSettings
  /** Milliseconds. */
  maxAge: number
  /** Milliseconds. */
  cooldown: number
  /** Milliseconds. */
  lockDuration: number
}

/** One run's turn, with the ways in which it reaches back to its place in the queue. */
export interface TurnContext extends Hold {
  /** Whether no other turn of this run ever began. */
  isFirst: boolean
  /** Why the turn before this one failed, if it did. */
  lastError: string | undefined
  log: Logger
}

/** The steps of one run's turn, tied to what they work with. */
export function stepsFor(deps: StepDeps, settings: StepSettings, context: TurnContext): Steps {
  const { api, creates, operarios, jobs, marks, history, metrics, now } = deps
  const { log, lock, confirm, save } = context
  let unsureSince: number | undefined
  const traceOf = (run: Run): FindRequest => ({ runId: run.id, unsureSince, ttlSeconds: ttlOf(run, deps, settings) })
  const createOne = (manifest: JobManifest) => creates.run(() => sendCreate(manifest, deps, context))
  const find = async (run: Run) => findJob(traceOf(run), { api, jobs, now, ...settings.job })
  return {
    async admit(run) {
      const [admission, since] = await Promise.all([
        admit(run, context.lastError, { ...deps, ...settings }),
        context.isFirst ? undefined : context.unansweredSince(),
        history.began(run, now()),
      ])
      unsureSince = since
      return admission
    },
    resolve: (alert) => operarios.resolve(alert),
    async create(request) {
      const { run } = request
      const finding = mayBeGone(traceOf(run), now()) ? await find(run) : undefined
      if (finding?.kind === 'unseen') return { ...finding, kind: 'refused' }
      // A Job that was found may be gone by the time of a create, which would then make another.
      const known = finding?.kind === 'found' ? { of: () => finding.job } : jobs
      const create = { api: { ...api, createJob: createOne }, jobs: known, settings: settings.job, now }
      const creation = await createJob(request, create)
      if (creation.kind === 'refused') return creation
      const { kind, job, variables, remarks, warnings } = creation
      // The words that the Operarios guide tells its readers to look for.
      log.info({ variables }, 'Adding labels as environment variables')
      for (const remark of remarks) log.warn({ job: job.name, remark }, 'the Job was not given all that it asks for')
      for (const warning of warnings) log.warn({ job: job.name, warning }, 'the API server warns of a Job')
      log.info({ job: job.name, namespace: job.namespace }, `Job ${kind}`)
      if (kind === 'adopted') jobs.adopt(job, request.run.id)
      metrics[kind]()
      return creation
    },
    async find(run) {
      if (context.isFirst) return { kind: 'none' }
      const finding = await find(run)
      // It does not end after all: an alert that joins it need not be sent away any longer.
      if (finding.kind === 'found') await marks.unmarkClosing(run.id)
      return finding
    },
    track: (job) => track(job, { api, jobs }),
    conclude: (job, sighting) => conclude(job, sighting, api, log),
    cancel: ({ id, job }) => cancel(id, job, { api, marks, confirm }),
    record: (run, ending) => record(run, ending, { ...deps, save, lock, log, cooldown: settings.cooldown }),
    retell: (run) => history.ended(run, lock),
  }
}

/** How long a Job of the run would be kept after its end, in seconds. */
function ttlOf({ alert }: Run, { operarios }: StepDeps, { job }: StepSettings): number {
  const resolution = isInvalid(alert) ? undefined : operarios.resolve(alert)
  const spec = resolution?.kind === 'found' ? resolution.operario.manifest.spec : undefined
  return spec?.ttlSecondsAfterFinished ?? job.ttlSeconds
}

/** Makes the call only while the run is this worker's. Should its answer never be seen, that is on record already. */
async function sendCreate(job: JobManifest, { api, now }: StepDeps, { expectAnswer, answered }: TurnContext) {
  await expectAnswer(now())
  return api.createJob(job).catch(async (error: unknown) => {
    if (!mayBeDone(error)) await answered()
    throw error
  })
}
