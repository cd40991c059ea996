import { type Alert, type InvalidAlert, isInvalid } from '../alert/alert.ts'
import { fnv1a64, sha256 } from '../text/hash.ts'

/** What makes two alerts the same piece of work: each alert of a group by itself, or the group as a whole. */
export type DedupScope = 'alert' | 'group'

/** Where an alert came from. */
export interface Origin {
  receiver: string
  groupKey: string
}

/**
 * The deduplication id: at most one run of it is in flight. Repeats, retries and the twin of a clustered Alertmanager
 * share it. It leaves `startsAt` out, so an alert that fires anew while its run is in flight joins that run.
 */
export function dedupId({ receiver, groupKey }: Origin, alert: Alert | InvalidAlert, scope: DedupScope): string {
  // A defective alert must never stand in for its whole group.
  return scope === 'group' && !isInvalid(alert)
    ? sha256([receiver, groupKey, alert.status])
    : sha256([receiver, groupKey, alert.fingerprint, alert.status])
}

/** Names an alert whatever its status, so that a resolved one finds the firing one that it ends. */
export function alertId({ receiver, groupKey }: Origin, alert: Alert): string {
  return sha256([receiver, groupKey, alert.fingerprint])
}

/**
 * A run's id. Beside chance, which makes it one of a kind, it tells when the firing began that the run was made for: so an
 * alert that joins a run in flight can be seen to be of a later firing.
 */
export function runId(random: string, began: number): string {
  return `${random}.${began.toString(36)}`
}

/** When the firing began that a run was made for, in milliseconds since the epoch; NaN where its id does not tell. */
export function beganOf(id: string): number {
  const [, began = ''] = id.split('.', 2)
  return Number.parseInt(began, 36)
}

/** Names one episode of an alert: from when it began to fire until it is resolved. The Job's name is made of it. */
export function episode(dedup: string, startsAt: string | undefined): string {
  return sha256([dedup, startsAt ?? ''])
}

/** A group key in the form that OpenFero gives it in labels: short, and without what the group's labels say. */
export function groupKeyHash(groupKey: string): string {
  return `g${fnv1a64(Buffer.from(groupKey)).toString(36)}`
}
