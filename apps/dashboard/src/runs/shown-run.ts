import { isInvalid, type LabelSet, labelSet, type Outcome, type Run } from '@opifer/core'
import type { RunRecord } from '@opifer/history'

/** A run as it is displayed: its history record, or its queue entry until a worker picks it up. */
export interface ShownRun extends Omit<RunRecord, 'startedAt'> {
  startedAt?: number | undefined
  /** It left the queue without a recorded result: an operator removed it there, or Redis rejected the final write. */
  leftQueue?: boolean
}

/** The outcome, or why there is none yet. */
export type RunState = Outcome | 'running' | 'waiting'

/** Whether a worker has yet to end it. */
export function isInFlight({ result, leftQueue = false }: Pick<ShownRun, 'result' | 'leftQueue'>): boolean {
  return !result && !leftQueue
}

/** A run that only the queue knows. */
export function queuedRun({ id, ...run }: Run): ShownRun {
  const { operario, job, result } = run
  return { id, run, operario, job, result, attempts: 0, errors: [], repeats: 0 }
}

export function stateOf({ result, startedAt }: Pick<ShownRun, 'result' | 'startedAt'>): RunState {
  return result?.outcome ?? (startedAt === undefined ? 'waiting' : 'running')
}

/** An invalid alert has no labels other than its name. */
export function labelsOf({ run: { alert } }: ShownRun): LabelSet {
  return isInvalid(alert) ? labelSet(alert.alertname && { alertname: alert.alertname }) : alert.labels
}

export function nameOf({ run: { alert } }: ShownRun): string {
  return alert.alertname ?? '(no alertname)'
}

/** Milliseconds from receiving the alert to the end of the run. */
export function totalDuration({ run, result }: ShownRun): number | undefined {
  return result && result.finishedAt - run.receivedAt
}
