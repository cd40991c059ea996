import { type Alert, isInvalid, isOver, type Operario, type Resolution, type Run } from '@opifer/core'
import type { AttemptState } from '@opifer/queue'
import { cancellation } from './cancel.ts'
import type { Rejection, RunContext } from './context.ts'

export type Admission = { kind: 'admitted'; alert: Alert; operario: Operario } | Rejection

/** Whether a run should still lead to a Job. Pure: decides by what `begin` has read and by the clock. */
export function admit(
  run: Run,
  resolution: Resolution,
  state: AttemptState,
  { settings, lastError, now }: Pick<RunContext, 'settings' | 'lastError' | 'now'>,
): Admission {
  const { alert, receivedAt } = run
  if (isInvalid(alert)) return reject('invalid', alert.invalid)
  if (state.cancelledBy !== undefined) return cancellation(state.cancelledBy)
  if (isHandled(run, state)) return reject('superseded', `run ${state.coolingAfter} has just handled the same alert`)
  if (isResolved(run, alert, state)) return reject('superseded', 'the alert resolved before its Job was created')
  const age = now() - receivedAt
  if (age > settings.maxAge) return reject('expired', expiry(age, settings.maxAge, lastError))
  if (resolution.kind !== 'found') return reject(resolution.kind, resolution.reason)
  return { kind: 'admitted', alert, operario: resolution.operario }
}

/** Ingest checks the cooldown before it enqueues, so only a run that ended in between is seen here. A retry means it. */
function isHandled({ id, retryOf }: Run, { coolingAfter }: AttemptState): boolean {
  return coolingAfter !== undefined && coolingAfter !== id && retryOf === undefined
}

/**
 * A run without a start time, or of an older version, may have been joined by a later firing, which would end with it. A
 * retry means it.
 */
function isResolved(run: Run, alert: Alert, { resolved }: AttemptState): boolean {
  const isOneFiring = run.alertKey !== undefined && alert.startsAt !== undefined
  if (alert.status !== 'firing' || resolved === undefined || !isOneFiring || run.retryOf !== undefined) return false
  return isOver(alert, run.receivedAt, resolved)
}

function expiry(age: number, maxAge: number, lastError: string | undefined): string {
  const cause = lastError ? `; the last attempt failed: ${lastError}` : ''
  return `the alert is ${seconds(age)} old, more than --maxAge=${seconds(maxAge)}${cause}`
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`
}

function reject(outcome: Rejection['outcome'], reason: string): Rejection {
  return { kind: 'rejected', outcome, reason }
}
