import { alertKeyOf } from '../alert-key.ts'
import type { Acknowledged, History, RunRecord } from '../history.ts'
import type { Violation } from '../violations.ts'
import { supersededBy } from './outcomes.ts'

/** Acknowledged alerts ⊆ Jobs ∪ recorded outcomes: whatever a receipt says, the run that it names has a recorded end. */
export function noAlertIsLost({ acknowledged, runs, sent }: History): Violation[] {
  const byId = new Map(runs.map((record) => [record.id, record]))
  const byAlert = Map.groupBy(runs, ({ run }) => run && alertKeyOf(run))
  return acknowledged.flatMap((alert): Violation[] => {
    const candidates = alert.receipt ? [byId.get(alert.receipt.runId)] : (byAlert.get(alert.alertKey) ?? [])
    const kept = candidates.find((record) => record?.run !== undefined)
    if (!kept) return [{ kind: 'lost', text: `${describe(alert)} was acknowledged, but has no run` }]
    return isFinished(kept) && !kept.run?.result
      ? [{ kind: 'lost', text: `${describe(alert)}: ${describeUnrecorded(kept)}` }]
      : wronglySuperseded(alert, kept, sent)
  })
}

/** An alert whose run ended because "the alert resolved" must have resolved: this firing of it, not an earlier one. */
function wronglySuperseded(acknowledged: Acknowledged, { id, run }: RunRecord, sent: History['sent']): Violation[] {
  const { alert } = acknowledged
  if (run?.result?.outcome !== 'superseded' || supersededBy(run.result) !== undefined) return []
  const hasResolved = sent.some(
    ({ group, instance, alertname, status, episode }) =>
      group === alert.group &&
      instance === alert.instance &&
      alertname === alert.alertname &&
      status === 'resolved' &&
      episode >= alert.episode,
  )
  if (hasResolved) return []
  return [
    { kind: 'lost', text: `${describe(acknowledged)}: its run ${id} ended superseded, but the alert has not resolved` },
  ]
}

function isFinished({ state }: RunRecord): boolean {
  return state === 'completed' || state === 'failed'
}

function describe({ alert, receipt }: Acknowledged): string {
  const { group, alertname, instance, status, episode } = alert
  return `${group}/${alertname}/${instance} ${status} #${episode} (${receipt?.result ?? 'no receipt'})`
}

function describeUnrecorded({ id, run, lastAttempt }: RunRecord): string {
  return `its run ${id} ended without a recorded outcome; Job ${run?.job?.name}, last attempt ${lastAttempt}`
}
