import type { JobSettings, Run } from '@opifer/core'
import type { Logger, Marks } from '@opifer/platform'
import type { KubeApi } from '../kubernetes/api.ts'
import type { Jobs } from '../kubernetes/jobs.ts'
import type { Operarios } from '../kubernetes/operarios.ts'
import type { WorkerMetrics } from '../metrics.ts'
import { admit } from '../steps/admit.ts'
import { conclude } from '../steps/conclude.ts'
import { createJob } from '../steps/create.ts'
import { findJob } from '../steps/find.ts'
import { record } from '../steps/record.ts'
import { track } from '../steps/track.ts'
import type { Steps } from './run.ts'

export interface StepDeps {
  api: KubeApi
  operarios: Pick<Operarios, 'resolve'>
  jobs: Jobs
  marks: Marks
  metrics: WorkerMetrics
  now: () => number
}

export interface StepSettings {
  job: JobSettings
  /** Milliseconds. */
  maxAge: number
  /** Milliseconds. */
  cooldown: number
}

/** One run's turn, with the ways in which it reaches back to its place in the queue. */
export interface TurnContext {
  save: (run: Run) => Promise<void>
  /** Whether no other turn of this run ever began. */
  isFirst: boolean
  /** Why the turn before this one failed, if it did. */
  lastError: string | undefined
  log: Logger
}

/** The steps of one run's turn, tied to what they work with. */
export function stepsFor(deps: StepDeps, settings: StepSettings, context: TurnContext): Steps {
  const { api, operarios, jobs, metrics, now } = deps
  const { log } = context
  return {
    admit: (run) => admit(run, context.lastError, { ...deps, maxAge: settings.maxAge }),
    resolve: (alert) => operarios.resolve(alert),
    async create(request) {
      const creation = await createJob(request, { api, jobs, settings: settings.job, now })
      if (creation.kind === 'refused') return creation
      const { kind, job, variables, remarks } = creation
      // The words that the Operarios guide tells its readers to look for.
      log.info({ variables }, 'Adding labels as environment variables')
      for (const remark of remarks) log.warn({ job: job.name }, remark)
      log.info({ job: job.name, namespace: job.namespace }, `Job ${kind}`)
      if (kind === 'adopted') jobs.adopt(job, request.run.id)
      metrics[kind]()
      return creation
    },
    find: async (run) =>
      context.isFirst ? undefined : findJob(run.id, { api, jobs, namespace: settings.job.namespace, now }),
    track: (job) => track(job, { api, jobs }),
    conclude: (job, sighting) => conclude(job, sighting, api, log),
    record: (run, ending) => record(run, ending, { ...deps, save: context.save, log, cooldown: settings.cooldown }),
  }
}
