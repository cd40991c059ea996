import type { Alert } from '../alert/alert.ts'

/** Notes that an alert was resolved. Times are milliseconds since the epoch. */
export interface ResolvedMark {
  /** When the alert ended, by the sender's clock, if the sender says so. */
  endedAt?: number | undefined
  /** When ingest received the resolve. */
  receivedAt: number
}

/**
 * Whether a resolve ends this firing and not an earlier one. The sender's times decide where both exist, since a delayed
 * twin of a clustered Alertmanager may deliver an old firing after its end; otherwise the order of arrival does. The end
 * must also cover the firing with both times capped at their receipt: a sender can't end a firing that is yet to come.
 */
export function isOver(
  { startsAt }: Pick<Alert, 'startsAt'>,
  receivedAt: number,
  { endedAt, receivedAt: resolvedAt }: ResolvedMark,
): boolean {
  if (startsAt === undefined || endedAt === undefined) return receivedAt <= resolvedAt
  const startedAt = Date.parse(startsAt)
  return startedAt <= endedAt && Math.min(startedAt, receivedAt) <= Math.min(endedAt, resolvedAt)
}
