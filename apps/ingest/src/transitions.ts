import { type Alert, alertId, beganOf, type Firing, isDefective, type ResolvedMark, type Run } from '@opifer/core'

export interface FiringAlert {
  alertId: string
  firing: Firing
  /** The run that this firing asks for. */
  runId: string
}

/** What a webhook's alerts mean for runs that are in the queue already. */
export interface Transitions {
  /** Alerts that fire, with the id under which their end may be marked. */
  firing: FiringAlert[]
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
    const { receivedAt } = run
    if (alert.status === 'firing') {
      transitions.firing.push({ alertId: id, firing: { startsAt: alert.startsAt, receivedAt }, runId: run.id })
    } else transitions.resolved.push({ alertId: id, mark: { endedAt: endOf(alert), receivedAt } })
  }
  return transitions
}

/**
 * Of alerts that fire, those that have joined the run of an earlier firing in the queue: the end of that one must not
 * supersede the run, and with it them.
 *
 * @param inQueue for each run that was asked for the one that is there
 */
export function firedAnew({ firing }: Transitions, inQueue: ReadonlyMap<string, string | undefined>): FiringAlert[] {
  return firing.filter(({ runId }) => beganOf(inQueue.get(runId) ?? runId) < beganOf(runId))
}

function endOf({ endsAt }: Alert): number | undefined {
  return endsAt === undefined ? undefined : Date.parse(endsAt)
}
