import { type Alert, alertId, episode, isDefective, isOver, type Outcome, type Run } from '@opifer/core'
import type { CreateMarks, Marks } from '@opifer/platform'
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
  now: () => number
}

/** Lets only those runs pass that should still lead to a Job. */
export async function admit(run: Run, lastError: string | undefined, deps: AdmitDeps): Promise<Admission> {
  const { alert } = run
  if (isDefective(alert)) return { kind: 'refused', outcome: 'invalid', reason: alert.defect }
  const { marks } = deps
  const { id: runId, dedupId } = run
  const about = { dedupId, alertId: alertId(run, alert), episode: episode(dedupId, alert.startsAt), runId }
  const look = () => marks.beforeCreate(about)
  const { finishedJobs, cancelledBy, coolingAfter, ...seen } = await look()
  if (cancelledBy !== undefined) return { kind: 'refused', ...cancellation(cancelledBy) }
  // Ingest looks before it enqueues; a run that ends in between is seen here only. Who asks for a retry means it.
  if (coolingAfter !== undefined && coolingAfter !== runId && run.retryOf === undefined) {
    return { kind: 'refused', outcome: 'superseded', reason: `run ${coolingAfter} has just dealt with the same alert` }
  }
  if (isSuperseded(run, alert, seen)) {
    // An alert that fires anew may be joining this run now: it sees this mark, or else is seen by the second look.
    await marks.markSuperseding(run.id, SUPERSEDING_MS)
    if (isSuperseded(run, alert, await look())) {
      return { kind: 'refused', outcome: 'superseded', reason: 'the alert resolved before its Job was created' }
    }
    // It goes on after all: an alert that joins it need not be sent away any longer.
    await marks.unmarkSuperseding(run.id)
  }
  const age = deps.now() - run.receivedAt
  if (age > deps.maxAge) return { kind: 'refused', outcome: 'expired', reason: expiry(age, lastError) }
  return { kind: 'admitted', alert, finishedJobs }
}

/** Longer than a worker may take from here to the end of the run: its lock would run out before. */
const SUPERSEDING_MS = 60_000

/** Whether every firing that the run stands for is over. */
function isSuperseded(
  run: Run,
  { status, startsAt }: Alert,
  marks: Pick<CreateMarks, 'resolved' | 'firedAnew'>,
): boolean {
  const { resolved, firedAnew } = marks
  if (!resolved || status !== 'firing' || !isOver({ startsAt, receivedAt: run.receivedAt }, resolved)) return false
  return !firedAnew || isOver(firedAnew, resolved)
}

function expiry(age: number, lastError: string | undefined): string {
  const cause = lastError ? `; the last attempt failed: ${lastError}` : ''
  return `the alert is ${Math.round(age / 1_000)} s old, too old to act upon${cause}`
}
