import type { JobRef, JobSettings, JobTimes, Result, Run } from '@opifer/core'
import type { Logger } from '@opifer/platform/telemetry'
import type { AttemptState, Lease, RunFlags, Transitions } from '@opifer/queue'
import type { KubeApi } from '../kubernetes/client/api.ts'
import type { ConcurrencyLimiter } from '../kubernetes/client/limiter.ts'
import type { Jobs } from '../kubernetes/informers/jobs.ts'
import type { Operarios } from '../kubernetes/informers/operarios.ts'
import type { WorkerMetrics } from '../metrics.ts'

/** Everything that the steps of a run work with, the same for all runs of a worker. */
export interface WorkerContext {
  api: KubeApi
  /** Limits creates to what the API server can take. */
  limiter: Pick<ConcurrencyLimiter, 'run' | 'hasRoom'>
  operarios: Pick<Operarios, 'resolve'>
  jobs: Jobs
  transitions: Transitions
  flags: Pick<RunFlags, 'cancelledBy'>
  metrics: WorkerMetrics
  settings: RunSettings
  now: () => number
}

export interface RunSettings {
  job: JobSettings
  /** Milliseconds. */
  maxAge: number
  /** Milliseconds. */
  cooldown: number
}

/** A worker's context for one attempt of one run. */
export interface RunContext extends WorkerContext {
  lease: Lease
  /** The run as the queue holds it. */
  stored: object
  /** Whether no attempt of this run ever began before. */
  isFirst: boolean
  /** Why the attempt before this one failed, if it did. */
  lastError: string | undefined
  log: Logger
}

/** An attempt that has begun. */
export interface Attempt extends AttemptState {
  /** Its mark of a create in doubt, if it has set one. */
  mark: { job: number /** When the lease was renewed, by the monotonic clock. */; at: number } | undefined
}

/** A run whose Job exists. */
export type CreatedRun = Run & { job: JobRef }

/** A run whose result is recorded. */
export type EndedRun = Run & { result: Result }

/** Why a run ends without a Job. */
export type Rejection = { kind: 'rejected' } & Pick<Result, 'outcome' | 'reason'>

/** How a run ended, and what its Job says about its times. */
export type RunEnd = Omit<Result, 'finishedAt'> & { jobTimes?: JobTimes | undefined }
