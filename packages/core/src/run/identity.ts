import { type Alert, type InvalidAlert, isInvalid } from '../alert/alert.ts'
import type { LabelSet } from '../alert/label-set.ts'
import { fnv1a64, sha256 } from '../text/hash.ts'
import type { Run } from './run.ts'

/** What one run covers: one alert, or its whole group. */
export type DedupScope = 'alert' | 'group'

/** Where an alert came from. */
export interface Origin {
  receiver: string
  groupKey: string
}

/** The three names of a piece of work, each built from the one before it: SHA-256 in hex. */
export interface Identity {
  /** The alert, firing or resolved. A resolve finds the firing that it ends by this. */
  alertId: string
  /** The alert and its status. Job names, the cooldown and "one unfinished Job" go by this. */
  alertKey: string
  /** One firing: alert key and `startsAt`. At most one run of it is in the queue. */
  dedupId: string
}

/**
 * Identifies an alert by what Opifer acts on, its labels, and never by the fingerprint that the sender gave. An alert
 * without `startsAt`, which Alertmanager never sends, and a group have one run at a time however often they fire.
 */
export function identify(origin: Origin, alert: Alert | InvalidAlert, scope: DedupScope): Identity {
  const id = alertId(origin, alert)
  // An invalid alert must not take the place of its whole group.
  if (scope === 'group' && !isInvalid(alert)) {
    const key = sha256([origin.receiver, origin.groupKey, alert.status])
    return { alertId: id, alertKey: key, dedupId: key }
  }
  const key = sha256([id, alert.status])
  const startedAt = isInvalid(alert) || alert.startsAt === undefined ? undefined : Date.parse(alert.startsAt)
  return { alertId: id, alertKey: key, dedupId: startedAt === undefined ? key : sha256([key, String(startedAt)]) }
}

/** Identifies an alert whatever its status. */
export function alertId({ receiver, groupKey }: Origin, alert: Alert | InvalidAlert): string {
  return isInvalid(alert)
    ? sha256([receiver, groupKey, 'invalid', alert.fingerprint])
    : sha256([receiver, groupKey, ...sortedLabels(alert.labels)])
}

/** A run enqueued by a version that had no alert keys has the alert and its status in its deduplication id. */
export function alertKeyOf({ alertKey, dedupId }: Pick<Run, 'alertKey' | 'dedupId'>): string {
  return alertKey ?? dedupId
}

/** A group key in the form that OpenFero gives it in labels: short, and without the values of the group's labels. */
export function groupKeyHash(groupKey: string): string {
  return `g${fnv1a64(Buffer.from(groupKey)).toString(36)}`
}

function sortedLabels(labels: LabelSet): string[] {
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flat()
}
