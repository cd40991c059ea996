import type { FaultRule } from '@opifer/devcluster'
import type { GroupPost } from './alerts.ts'

export const INGESTS = 2
export const WORKERS = 3

/** A process that has to survive everything. */
export type ProcessName = `ingest-${number}` | `worker-${number}`

/** A connection that can be disturbed. */
export type LinkName =
  | `alertmanager→ingest-${number}`
  | `ingest-${number}→redis`
  | `worker-${number}→redis`
  | `worker-${number}→api`

/** One of a clustered pair. Each sends the notifications of a group in order; neither waits for the other. */
export type Alertmanager = 'first' | 'twin'

export type Action = PostAction | GarbageAction | FaultAction

export interface PostAction {
  kind: 'post'
  from: Alertmanager
  ingest: number
  post: GroupPost
}

export interface GarbageAction {
  kind: 'garbage'
  ingest: number
  body: string
  contentType: string
}

/** Durations (`lasts`, `down`) are in milliseconds. */
export type FaultAction =
  | { kind: 'end-process'; process: ProcessName; signal: 'SIGKILL' | 'SIGTERM'; down: number }
  /** Suspends it in the middle of whatever it does, as a starved machine would. */
  | { kind: 'freeze-process'; process: ProcessName; lasts: number }
  /** Restarts every process of an app, each as soon as the previous one is back. */
  | { kind: 'roll'; app: 'ingest' | 'worker' }
  | { kind: 'redis-crash'; down: number }
  | { kind: 'redis-freeze'; lasts: number }
  | { kind: 'link'; link: LinkName; fault: LinkFault; lasts: number }
  | { kind: 'api-rule'; rule: FaultRule; lasts: number }
  | { kind: 'api-switch'; what: 'cutWatches' | 'cutStreams' | 'expireHistory' }
  | { kind: 'api-outage'; what: 'pause' | 'refuse'; lasts: number }
  /**
   * Deletes a Job of the play: one that is running, waiting for one if necessary, or one that has finished. `chosen`, in
   * [0, 1), says which of them.
   */
  | { kind: 'delete-job'; which: 'running' | 'finished'; chosen: number }
  | { kind: 'clock'; process: ProcessName; step: number; lasts: number }

export type LinkFault = { type: 'cut' } | { type: 'stall' } | { type: 'slow'; latency: number }

export interface Step {
  /** Milliseconds since the schedule began. */
  at: number
  action: Action
}

export interface Schedule {
  /** In order of time. */
  steps: Step[]
  /** When everything is healed. */
  healAt: number
  /**
   * Nothing is sped up afterwards: hanging connections are not cut and delayed runs are not promoted, so the product must
   * notice on its own. That takes it half a minute, so few schedules are unaided.
   */
  unaided: boolean
}

export const WORKER_NAMES: readonly ProcessName[] = names('worker', WORKERS)

export const PROCESS_NAMES: readonly ProcessName[] = [...names('ingest', INGESTS), ...WORKER_NAMES]

export const LINK_NAMES: readonly LinkName[] = [
  ...names('ingest', INGESTS).flatMap((name) => [`alertmanager→${name}` as const, `${name}→redis` as const]),
  ...names('worker', WORKERS).flatMap((name) => [`${name}→redis` as const, `${name}→api` as const]),
]

function names<App extends 'ingest' | 'worker'>(app: App, count: number): `${App}-${number}`[] {
  return Array.from({ length: count }, (_, index) => `${app}-${index}` as const)
}

/** A short description for the event log. */
export function describeAction(action: Action): string {
  const { kind, ...details } = action
  return `${kind} ${JSON.stringify(details)}`
}
