import { runKey } from './catalog.ts'

/**
 * A worker's lease on a run: BullMQ's lock, whose value is the fencing token. A worker that was frozen or cut off may have
 * lost it without noticing, so every write to a run is a script that checks the token.
 */
export interface Lease {
  /** The run's hash in Redis. */
  runKey: string
  lockKey: string
  token: string
  /** Milliseconds for which a renewal extends it. */
  durationMs: number
}

/** Thrown by every transition of a run whose lease has passed to another worker. */
export class LeaseLostError extends Error {
  override name = 'LeaseLostError'

  constructor() {
    super('lease lost: another worker has taken over the run')
  }
}

/** The lease that BullMQ gave a worker together with a run. */
export function leaseOf(prefix: string, runId: string, token: string, durationMs: number): Lease {
  const key = runKey(prefix, runId)
  return { runKey: key, lockKey: `${key}:lock`, token, durationMs }
}
