import type { Run } from './run.ts'

/** Who asked for a retry, when, and the id of the new run. */
export interface RetryRequest {
  id: string
  requestedBy: string
  /** Milliseconds since the epoch. */
  now: number
}

/** A new run for the same firing. It keeps nothing of the first run but its id. */
export function retryRun(
  { id: retryOf, dedupId, alertKey, receiver, groupKey, alert }: RetriedRun,
  { id, requestedBy, now }: RetryRequest,
): Run {
  return { id, dedupId, alertKey, receiver, groupKey, receivedAt: now, alert, retryOf, requestedBy }
}

type RetriedRun = Pick<Run, 'id' | 'dedupId' | 'alertKey' | 'receiver' | 'groupKey' | 'alert'>
