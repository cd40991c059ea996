/** That an alert was resolved. Times are milliseconds since the epoch. */
export interface ResolvedMark {
  /** When Alertmanager says that it ended, if it says so. */
  endedAt?: number | undefined
  /** When ingest heard of it. */
  receivedAt: number
}

/** That an alert fires: one of its firings, by when it began if Alertmanager says so. */
export interface Firing {
  startsAt?: string | undefined
  /** When ingest heard of it. */
  receivedAt: number
}

/**
 * Whether it is this firing that was resolved, and not an earlier one. Alertmanager's own times decide where both are
 * there, since a late twin may bring an old firing after its end; else the order in which ingest heard of them.
 */
export function isOver({ startsAt, receivedAt }: Firing, mark: ResolvedMark): boolean {
  return startsAt !== undefined && mark.endedAt !== undefined
    ? Date.parse(startsAt) <= mark.endedAt
    : receivedAt <= mark.receivedAt
}
