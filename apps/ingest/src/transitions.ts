import { type Alert, alertId, isDefective, isOver, type ResolvedMark, type Run } from '@opifer/core'

/** What a webhook's alerts mean for runs that are in the queue already. */
export interface Transitions {
  /** Alerts that fire, with the id under which their end may be marked. */
  firing: { alertId: string; run: Run; alert: Alert }[]
  /** Alerts that are over: a firing run of theirs that has no Job yet needs none. */
  resolved: { alertId: string; mark: ResolvedMark }[]
}

/** Which of these runs' alerts fire, and which have ended. */
export function transitionsOf(runs: readonly Run[]): Transitions {
  const transitions: Transitions = { firing: [], resolved: [] }
  for (const run of runs) {
    const { alert } = run
    if (isDefective(alert)) continue
    const id = alertId(run, alert)
    if (alert.status === 'firing') transitions.firing.push({ alertId: id, run, alert })
    else transitions.resolved.push({ alertId: id, mark: { endedAt: endOf(alert), receivedAt: run.receivedAt } })
  }
  return transitions
}

/**
 * Of alerts that fire, those whose last end lies before: they fire anew, and the mark of that end must go. Else it would
 * supersede the older firing's run that they may join in the queue, and with it them.
 */
export function firedAnew({ firing }: Transitions, marks: readonly (ResolvedMark | undefined)[]): string[] {
  return firing.flatMap(({ alertId: id, run, alert }, index) => {
    const mark = marks[index]
    return mark && !isOver(run, alert.startsAt, mark) ? [id] : []
  })
}

function endOf({ endsAt }: Alert): number | undefined {
  return endsAt === undefined ? undefined : Date.parse(endsAt)
}
