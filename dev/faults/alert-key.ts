import type { Run } from '@opifer/core'

/**
 * The same for every firing and repeat of one alert with one status. Derived from what was sent, not from an id that
 * Opifer computes: the checker must not share the product's idea of identity.
 */
export function alertKeyOf({ receiver, groupKey, alert }: Pick<Run, 'receiver' | 'groupKey' | 'alert'>): string {
  const identity =
    'labels' in alert
      ? Object.entries(alert.labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
      : // The labels of an invalid alert may be what is wrong with it.
        alert.fingerprint
  return JSON.stringify([receiver, groupKey, alert.status, identity])
}
