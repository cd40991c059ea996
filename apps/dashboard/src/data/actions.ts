import { isInvalid, retryRun } from '@opifer/core'
import type { DashboardDeps } from '../deps.ts'
import { isInFlight } from '../shown-run.ts'
import { findRun } from './find-run.ts'

export type Retry =
  | { kind: 'enqueued'; runId: string }
  /** Another run of the same alert is not over yet. */
  | { kind: 'in-flight'; runId: string }
  | { kind: 'refused'; reason: string }
  | { kind: 'unknown' }

type Deps = Pick<DashboardDeps, 'history' | 'queue' | 'marks' | 'onAction' | 'now' | 'newId'>

/** Puts a fresh run of the same alert into the queue, under the same deduplication id. A cooldown does not hold it up. */
export async function retry(id: string, requestedBy: string, deps: Deps): Promise<Retry> {
  const answer = await enqueueAgain(id, requestedBy, deps)
  deps.onAction({ action: 'retry', runId: id, by: requestedBy, result: answer.kind })
  return answer
}

async function enqueueAgain(id: string, requestedBy: string, deps: Deps): Promise<Retry> {
  const { queue, now, newId } = deps
  const shown = await findRun(id, deps)
  if (!shown) return { kind: 'unknown' }
  if (isInFlight(shown)) return { kind: 'in-flight', runId: id }
  if (isInvalid(shown.run.alert))
    return { kind: 'refused', reason: `the alert itself is wrong: ${shown.run.alert.invalid}` }
  const run = retryRun({ id, ...shown.run }, { requestedBy, now: now(), random: newId() })
  const job = await queue.add(shown.run.alert.alertname, run, { jobId: run.id, deduplication: { id: run.dedupId } })
  // BullMQ tells that an add was deduplicated only by answering with another id than the one that was asked for.
  return job.id === run.id ? { kind: 'enqueued', runId: run.id } : { kind: 'in-flight', runId: job.id ?? '' }
}

export type Cancel = { kind: 'asked' } | { kind: 'over' } | { kind: 'unknown' }

/** Asks the workers, who alone may touch the cluster, to end a run and delete its Job. */
export async function cancel(id: string, requestedBy: string, deps: Deps): Promise<Cancel> {
  const answer = await askToEnd(id, requestedBy, deps)
  deps.onAction({ action: 'cancel', runId: id, by: requestedBy, result: answer.kind })
  return answer
}

async function askToEnd(id: string, requestedBy: string, deps: Deps): Promise<Cancel> {
  const shown = await findRun(id, deps)
  if (!shown) return { kind: 'unknown' }
  if (!isInFlight(shown)) return { kind: 'over' }
  await deps.marks.requestCancel(id, requestedBy)
  const job = await deps.queue.getJob(id)
  // So that a run that waits for its Job looks at once. One that waits for a worker looks anyhow.
  await job?.promote().catch(() => {})
  return { kind: 'asked' }
}
