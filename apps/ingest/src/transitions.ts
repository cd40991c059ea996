import {
  type Alert,
  alertId,
  beganOf,
  type Firing,
  firingOf,
  isInvalid,
  type ResolvedMark,
  type Run,
} from '@opifer/core'

/** An alert that is over: a firing run of it that has no Job yet needs none. */
export interface EndedAlert {
  alertId: string
  mark: ResolvedMark
}

/** An alert that has joined the run of an earlier firing of it. */
export interface RefiredAlert {
  alertId: string
  firing: Firing
  /** The run that it has joined. */
  runId: string
}

/** Those of the runs' alerts that have ended. */
export function endedAlerts(runs: readonly Run[]): EndedAlert[] {
  return runs.flatMap((run) => {
    const { alert, receivedAt } = run
    if (isInvalid(alert) || alert.status !== 'resolved') return []
    return [{ alertId: alertId(run, alert), mark: { endedAt: endOf(alert), receivedAt } }]
  })
}

/**
 * Of alerts that fire, those that have joined the run of an earlier firing in the queue: the end of that one must not
 * supersede the run, and with it them.
 *
 * @param inQueue for each run that was asked for the one that is there
 */
export function refiredAlerts(runs: readonly Run[], inQueue: ReadonlyMap<string, string | undefined>): RefiredAlert[] {
  return runs.flatMap((run) => {
    const { alert, receivedAt } = run
    const joined = inQueue.get(run.id) ?? run.id
    if (joined === run.id || isInvalid(alert) || alert.status !== 'firing') return []
    if (!(beganOf(joined) < beganOf(run.id))) return []
    return [{ alertId: alertId(run, alert), firing: firingOf(alert, receivedAt), runId: joined }]
  })
}

function endOf({ endsAt }: Alert): number | undefined {
  return endsAt === undefined ? undefined : Date.parse(endsAt)
}
