import type { Outcome, Result, Run } from '@opifer/core'
import type { Operarios } from '../kubernetes/informers/operarios.ts'
import type { EventRecorder } from './kube-events.ts'

const REASONS: Partial<Record<Outcome, string>> = { failed: 'RunFailed', invalid: 'OperarioInvalid' }

/** Tells of a run that failed, or could not even become a Job, at the ConfigMap that its Operario is in. */
export function warnOfRun(
  run: Run,
  result: Result,
  operarios: Pick<Operarios, 'reference'>,
  events: EventRecorder,
): void {
  const reason = REASONS[result.outcome]
  const about = reason === undefined ? undefined : operarios.reference(run.alert)
  if (reason === undefined || about === undefined) return
  const { alertname, status } = run.alert
  events.warn({ about, reason, message: `run ${run.id} of ${alertname} (${status}): ${result.reason}` })
}
