import { isInvalid, type LabelSet, labelSet, type Run } from '@opifer/core'
import type { RunRecord } from '@opifer/history'
import type { RunState } from './components/outcome.ts'

/** A run as people are shown it: its record, or what the queue holds of a run that no worker has taken up yet. */
export interface ShownRun extends Omit<RunRecord, 'startedAt'> {
  startedAt?: number | undefined
  /** It is no longer in the queue and has no end on record: it was removed there, or Redis did not take its end. */
  leftQueue?: boolean
}

/** Whether a worker is yet to end it. */
export function isInFlight({ result, leftQueue = false }: Pick<ShownRun, 'result' | 'leftQueue'>): boolean {
  return !result && !leftQueue
}

/** A run that is known from the queue alone. */
export function queuedRun({ id, ...run }: Run): ShownRun {
  const { operario, job, result } = run
  return { id, run, operario, job, result, attempts: 0, errors: [], repeats: 0 }
}

export function stateOf({ result, startedAt }: Pick<ShownRun, 'result' | 'startedAt'>): RunState {
  return result?.outcome ?? (startedAt === undefined ? 'waiting' : 'running')
}

/** Of a defective alert nothing but the name can be told. */
export function labelsOf({ run: { alert } }: ShownRun): LabelSet {
  return isInvalid(alert) ? labelSet(alert.alertname && { alertname: alert.alertname }) : alert.labels
}

export function nameOf({ run: { alert } }: ShownRun): string {
  return alert.alertname ?? '(no alertname)'
}

/** Milliseconds from the alert's arrival to the end of the run. */
export function took({ run, result }: ShownRun): number | undefined {
  return result && result.finishedAt - run.receivedAt
}

export function operarioId(ref: { configMap: string; key: string }): string {
  return `${ref.configMap}/${ref.key}`
}
