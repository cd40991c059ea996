import type { Violation } from '../checker.ts'
import type { Acknowledged, History, RunRecord } from '../history.ts'
import { dealtWithBy } from './outcomes.ts'

/** Acknowledged alerts ⊆ Jobs ∪ recorded outcomes: the run that a receipt names, whatever the receipt says, has its end on record. */
export function everyAlertIsKept({ acknowledged, runs, sent }: History): Violation[] {
  const byId = new Map(runs.map((record) => [record.id, record]))
  const byDedupId = Map.groupBy(runs, ({ run }) => run?.dedupId)
  return acknowledged.flatMap((alert): Violation[] => {
    const taken = alert.receipt ? [byId.get(alert.receipt.runId)] : (byDedupId.get(alert.dedupId) ?? [])
    const kept = taken.find((record) => record?.run !== undefined)
    if (!kept) return [{ breach: 'lost', text: `${describe(alert)} was acknowledged, but there is no run for it` }]
    return isFinished(kept) && !kept.run?.result
      ? [
          {
            breach: 'lost',
            text: `${describe(alert)}: its run ${kept.id} is over without a recorded outcome; job ${kept.run?.job?.name}, it said ${kept.said}`,
          },
        ]
      : wrongfullySuperseded(alert, kept, sent)
  })
}

/** An alert whose run ended since "the alert resolved" must have resolved: not an earlier firing of it, but this one. */
function wrongfullySuperseded(
  { alert, ...rest }: Acknowledged,
  { id, run }: RunRecord,
  sent: History['sent'],
): Violation[] {
  if (run?.result?.outcome !== 'superseded' || dealtWithBy(run.result) !== undefined) return []
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
    {
      breach: 'lost',
      text: `${describe({ alert, ...rest })}: its run ${id} ended superseded, yet it has not resolved`,
    },
  ]
}

function isFinished({ state }: RunRecord): boolean {
  return state === 'completed' || state === 'failed'
}

function describe({ alert, receipt }: Acknowledged): string {
  const { group, alertname, instance, status, episode } = alert
  return `${group}/${alertname}/${instance} ${status} #${episode} (${receipt?.result ?? 'no receipt'})`
}
