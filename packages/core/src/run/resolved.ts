import type { Alert } from '../alert/alert.ts'

/** That an alert was resolved. Times are milliseconds since the epoch. */
export interface ResolvedMark {
  /** When Alertmanager says that it ended, if it says so. */
  endedAt?: number | undefined
  /** When ingest heard of it. */
  receivedAt: number
}

/** That an alert fires: one of its firings. Times are milliseconds since the epoch. */
export interface Firing {
  /** When Alertmanager says that it began, if it says so. */
  beganAt?: number | undefined
  /** When ingest heard of it. */
  receivedAt: number
}

/** The firing that an alert tells of. */
export function firingOf({ startsAt }: Pick<Alert, 'startsAt'>, receivedAt: number): Firing {
  return { beganAt: startsAt === undefined ? undefined : Date.parse(startsAt), receivedAt }
}

/**
 * Whether it is this firing that was resolved, and not an earlier one. Alertmanager's own times decide where both are
 * there, since a late twin may bring an old firing after its end; else the order in which ingest heard of them.
 */
export function isOver({ beganAt, receivedAt }: Firing, mark: ResolvedMark): boolean {
  return beganAt !== undefined && mark.endedAt !== undefined ? beganAt <= mark.endedAt : receivedAt <= mark.receivedAt
}
