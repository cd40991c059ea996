import {
  type Alert,
  alertId,
  episode,
  type Firing,
  firingOf,
  isInvalid,
  isOver,
  type Outcome,
  type Run,
} from '@opifer/core'
import type { CreateMarks, Marks } from '@opifer/queue'
import { cancellation } from './cancel.ts'

/** A run that ends without a Job, and why. */
export interface Refusal {
  outcome: Outcome
  reason: string
}

export type Admission = { kind: 'admitted'; alert: Alert; finishedJobs: number } | ({ kind: 'refused' } & Refusal)

export interface AdmitDeps {
  marks: Marks
  /** Milliseconds. */
  maxAge: number
  /** Milliseconds. */
  lockDuration: number
  now: () => number
}

/** Lets only those runs pass that should still lead to a Job. */
export async function admit(run: Run, lastError: string | undefined, deps: AdmitDeps): Promise<Admission> {
  const { alert } = run
  if (isInvalid(alert)) return { kind: 'refused', outcome: 'invalid', reason: alert.invalid }
  const { marks } = deps
  const { id: runId, dedupId } = run
  const about = { dedupId, alertId: alertId(run, alert), episode: episode(dedupId, alert.startsAt), runId }
  const look = () => marks.beforeCreate(about)
  const seen = await look()
  if (seen.cancelledBy !== undefined) return { kind: 'refused', ...cancellation(seen.cancelledBy) }
  // Ingest looks before it enqueues; a run that ends in between is seen here only. Who asks for a retry means it.
  if (seen.coolingAfter !== undefined && seen.coolingAfter !== runId && run.retryOf === undefined) {
    return {
      kind: 'refused',
      outcome: 'superseded',
      reason: `run ${seen.coolingAfter} has just dealt with the same alert`,
    }
  }
  const judge = (known: CreateMarks) => refusalOf(liveFirings(run, alert, known), lastError, deps)
  if (judge(seen)) {
    // An alert that fires anew may be joining this run now: it sees this mark, or else is seen by the second look.
    await marks.markClosing(runId, Math.max(CLOSING_MS, 2 * deps.lockDuration))
    const refusal = judge(await look())
    if (refusal) return { kind: 'refused', ...refusal }
    // It goes on after all: an alert that joins it need not be sent away any longer.
    await marks.unmarkClosing(runId)
  }
  return { kind: 'admitted', alert, finishedJobs: seen.finishedJobs }
}

/** With the lock's time, longer than a worker may take from here to the end of the run: it would lose the run before. */
const CLOSING_MS = 60_000

/** The firings that the run stands for, without those that are over. A resolved run goes on whatever has ended. */
function liveFirings({ receivedAt }: Run, alert: Alert, { resolved, firedAnew }: CreateMarks): Firing[] {
  const firings = [firingOf(alert, receivedAt), ...(firedAnew ? [firedAnew] : [])]
  return resolved && alert.status === 'firing' ? firings.filter((firing) => !isOver(firing, resolved)) : firings
}

/** Why none of these firings should lead to a Job any more, if so. */
function refusalOf(live: Firing[], lastError: string | undefined, { maxAge, now }: AdmitDeps): Refusal | undefined {
  if (live.length === 0) return { outcome: 'superseded', reason: 'the alert resolved before its Job was created' }
  const age = now() - Math.max(...live.map(({ receivedAt }) => receivedAt))
  return age > maxAge ? { outcome: 'expired', reason: expiry(age, lastError) } : undefined
}

function expiry(age: number, lastError: string | undefined): string {
  const cause = lastError ? `; the last attempt failed: ${lastError}` : ''
  return `the alert is ${Math.round(age / 1_000)} s old, too old to act upon${cause}`
}
