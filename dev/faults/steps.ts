import type { FaultRule } from '@opifer/devcluster'
import type { GroupPost } from './alerts.ts'

export const INGESTS = 2
export const WORKERS = 3

/** One of the processes that are to survive everything. */
export type ProcessName = `ingest-${number}` | `worker-${number}`

/** A connection that can be disturbed. */
export type LinkName =
  | `alertmanager→ingest-${number}`
  | `ingest-${number}→redis`
  | `worker-${number}→redis`
  | `worker-${number}→api`

/** One of two that form a cluster. Each sends what it has of a group in order, and neither waits for the other. */
export type Alertmanager = 'first' | 'twin'

/** Something that is done at a moment of a schedule. Durations are in milliseconds. */
export type Action =
  | { kind: 'post'; from: Alertmanager; ingest: number; post: GroupPost }
  | { kind: 'garbage'; ingest: number; body: string; contentType: string }
  | { kind: 'end-process'; process: ProcessName; signal: 'SIGKILL' | 'SIGTERM'; down: number }
  /** Stops it in the middle of whatever it does, as a starved machine would. */
  | { kind: 'freeze-process'; process: ProcessName; lasts: number }
  /** Every process of an app in turn, each once the one before it is back. */
  | { kind: 'roll'; app: 'ingest' | 'worker' }
  | { kind: 'redis-crash'; down: number }
  | { kind: 'redis-freeze'; lasts: number }
  | { kind: 'link'; link: LinkName; fault: LinkFault; lasts: number }
  | { kind: 'api-rule'; rule: FaultRule; lasts: number }
  | { kind: 'api-switch'; what: 'cutWatches' | 'cutStreams' | 'expireHistory' }
  | { kind: 'api-outage'; what: 'pause' | 'refuse'; lasts: number }
  /** Deletes one of the Jobs that are there then. @see chosen: in [0, 1), which of them */
  | { kind: 'delete-job'; chosen: number }
  | { kind: 'clock'; process: ProcessName; step: number; lasts: number }

export type LinkFault = { type: 'cut' } | { type: 'stall' } | { type: 'slow'; latency: number }

export interface Step {
  /** Milliseconds since the schedule began. */
  at: number
  action: Action
}

export interface Schedule {
  seed: number
  /** In order of time. */
  steps: Step[]
  /** When everything is healed. */
  healAt: number
  /**
   * Nothing is sped up afterwards: what hangs is not cut off and what waits is not woken, so the product must notice by
   * itself. That takes it half a minute, so only few seeds are such.
   */
  unaided: boolean
}

export const processNames: readonly ProcessName[] = [...names('ingest', INGESTS), ...names('worker', WORKERS)]

export const linkNames: readonly LinkName[] = [
  ...names('ingest', INGESTS).flatMap((name) => [`alertmanager→${name}` as const, `${name}→redis` as const]),
  ...names('worker', WORKERS).flatMap((name) => [`${name}→redis` as const, `${name}→api` as const]),
]

function names<App extends 'ingest' | 'worker'>(app: App, count: number): `${App}-${number}`[] {
  return Array.from({ length: count }, (_, index) => `${app}-${index}` as const)
}

/** An action in a few words, for the event history. */
export function describeAction(action: Action): string {
  const { kind, ...details } = action
  return `${kind} ${JSON.stringify(details)}`
}
