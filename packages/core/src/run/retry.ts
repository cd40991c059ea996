import { beganOf, runId } from './identity.ts'
import type { Run } from './run.ts'

/** Who wants a run to be tried again, when, and what makes the new run's id one of a kind. */
export interface RetryRequest {
  requestedBy: string
  /** Milliseconds since the epoch. */
  now: number
  random: string
}

/** A fresh run of the same alert: it knows nothing of what the first one did but which one it was. */
export function retryRun(
  { id, dedupId, receiver, groupKey, alert }: Pick<Run, 'id' | 'dedupId' | 'receiver' | 'groupKey' | 'alert'>,
  { requestedBy, now, random }: RetryRequest,
): Run {
  // It is of the same firing: one that began later and joins it must be seen to be another.
  const began = beganOf(id)
  const fresh = runId(random, Number.isNaN(began) ? now : began)
  return { id: fresh, dedupId, receiver, groupKey, receivedAt: now, alert, retryOf: id, requestedBy }
}
