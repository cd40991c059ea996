import { isInvalid, retryRun } from '@opifer/core'
import { queueEntry } from '@opifer/queue'
import type { DashboardDeps } from './deps.ts'
import { findRun } from './find.ts'
import { isInFlight } from './shown-run.ts'

export type Retry =
  | { kind: 'enqueued'; runId: string }
  /** Another run of the same alert is still in progress. */
  | { kind: 'in-flight'; runId: string }
  | { kind: 'refused'; reason: string }
  | { kind: 'unknown' }

type Deps = Pick<DashboardDeps, 'history' | 'queue' | 'flags' | 'onAction' | 'now' | 'newId'>

/** Enqueues a new run of the same alert under the same deduplication id. It ignores the cooldown. */
export async function retry(id: string, requestedBy: string, deps: Deps): Promise<Retry> {
  const answer = await enqueueRetry(id, requestedBy, deps)
  deps.onAction({ action: 'retry', runId: id, by: requestedBy, result: answer.kind })
  return answer
}

async function enqueueRetry(id: string, requestedBy: string, deps: Deps): Promise<Retry> {
  const { queue, now, newId } = deps
  const shown = await findRun(id, deps)
  if (!shown) return { kind: 'unknown' }
  if (isInFlight(shown)) return { kind: 'in-flight', runId: id }
  if (isInvalid(shown.run.alert)) return { kind: 'refused', reason: `the alert is invalid: ${shown.run.alert.invalid}` }
  const run = retryRun({ id, ...shown.run }, { id: newId(), requestedBy, now: now() })
  const { name, data, opts } = queueEntry(run)
  const added = await queue.add(name, data, opts)
  // BullMQ reports a deduplicated add only by returning another id than the requested one.
  return added.id === run.id ? { kind: 'enqueued', runId: run.id } : { kind: 'in-flight', runId: added.id ?? '' }
}

export type Cancel = { kind: 'asked' } | { kind: 'over' } | { kind: 'unknown' }

/** Flags a run for cancellation. A worker then deletes its Job: the dashboard has no rights in the cluster. */
export async function cancel(id: string, requestedBy: string, deps: Deps): Promise<Cancel> {
  const answer = await requestCancel(id, requestedBy, deps)
  deps.onAction({ action: 'cancel', runId: id, by: requestedBy, result: answer.kind })
  return answer
}

async function requestCancel(id: string, requestedBy: string, deps: Deps): Promise<Cancel> {
  const shown = await findRun(id, deps)
  if (!shown) return { kind: 'unknown' }
  if (!isInFlight(shown)) return { kind: 'over' }
  await deps.flags.requestCancel(id, requestedBy)
  const queued = await deps.queue.getJob(id)
  // A delayed run would otherwise see the flag only at its next poll. For a run that is not delayed this fails harmlessly.
  await queued?.promote().catch(() => {})
  return { kind: 'asked' }
}
