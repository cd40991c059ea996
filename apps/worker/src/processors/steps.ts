import type { JobSettings } from '@opifer/core'
import type { Marks } from '@opifer/platform'
import type { KubeApi } from '../kubernetes/api.ts'
import type { Jobs } from '../kubernetes/jobs.ts'
import type { Operarios } from '../kubernetes/operarios.ts'
import type { WorkerMetrics } from '../metrics.ts'
import type { TurnContext } from '../queue/start-worker.ts'
import { admit } from '../steps/admit.ts'
import { conclude } from '../steps/conclude.ts'
import { createJob } from '../steps/create.ts'
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

/** The steps of one run's turn, tied to what they work with. */
export function stepsFor(deps: StepDeps, settings: StepSettings, context: TurnContext): Steps {
  const { api, operarios, jobs, metrics, now } = deps
  const { log } = context
  return {
    admit: (run) => admit(run, context.lastError, { ...deps, maxAge: settings.maxAge }),
    resolve: (alert) => operarios.resolve(alert),
    async create(request) {
      const creation = await createJob(request, { api, settings: settings.job, now })
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
    track: (job) => track(job, { api, jobs }),
    conclude: (job, sighting) => conclude(job, sighting, api, log),
    record: (run, ending) => record(run, ending, { ...deps, save: context.save, log, cooldown: settings.cooldown }),
  }
}
