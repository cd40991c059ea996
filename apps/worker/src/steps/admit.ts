import { type Alert, alertId, episode, isDefective, type Outcome, type Run } from '@opifer/core'
import type { Marks, ResolvedMark } from '@opifer/platform'

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
  const { resolved, finishedJobs } = await deps.marks.beforeCreate(
    alertId(run, alert),
    episode(run.dedupId, alert.startsAt),
  )
  if (resolved && alert.status === 'firing' && isOver(run, alert, resolved)) {
    return { kind: 'refused', outcome: 'superseded', reason: 'the alert resolved before its Job was created' }
  }
  const age = deps.now() - run.receivedAt
  if (age > deps.maxAge) return { kind: 'refused', outcome: 'expired', reason: expiry(age, lastError) }
  return { kind: 'admitted', alert, finishedJobs }
}

/**
 * Whether what was resolved is this firing and not an earlier one. Alertmanager's own times decide where both are there,
 * since a late twin may bring an old firing after its end; else the order in which ingest heard of them.
 */
function isOver(run: Run, { startsAt }: Alert, mark: ResolvedMark): boolean {
  return startsAt !== undefined && mark.endedAt !== undefined
    ? Date.parse(startsAt) <= mark.endedAt
    : run.receivedAt <= mark.receivedAt
}

function expiry(age: number, lastError: string | undefined): string {
  const cause = lastError ? `; the last attempt failed: ${lastError}` : ' in the queue'
  return `the alert is ${Math.round(age / 1_000)} s old, too old to act upon${cause}`
}
