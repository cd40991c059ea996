import type { Run } from './run.ts'

/** That an alert was resolved. Times are milliseconds since the epoch. */
export interface ResolvedMark {
  /** When Alertmanager says that it ended, if it says so. */
  endedAt?: number | undefined
  /** When ingest heard of it. */
  receivedAt: number
}

/**
 * Whether it is this firing that was resolved, and not an earlier one. Alertmanager's own times decide where both are
 * there, since a late twin may bring an old firing after its end; else the order in which ingest heard of them.
 */
export function isOver(
  { receivedAt }: Pick<Run, 'receivedAt'>,
  startsAt: string | undefined,
  mark: ResolvedMark,
): boolean {
  return startsAt !== undefined && mark.endedAt !== undefined
    ? Date.parse(startsAt) <= mark.endedAt
    : receivedAt <= mark.receivedAt
}
