import { type Alert, alertId, type LabelSet, labelSet, type Outcome, type Run } from '@opifer/core'
import { keyPart } from './keys.ts'

/** Names of the indexes. Each is a sorted set of run ids by the time ingest received the alert. */
export const INDEX = {
  all: 'all',
  /** Runs that a worker has begun and none has ended. */
  open: 'open',
  alertname: (alertname: string) => `alertname:${keyPart(alertname)}`,
  /** @param id `alertId` of core */
  alert: (id: string) => `alert:${keyPart(id)}`,
  outcome: (outcome: Outcome) => `outcome:${outcome}`,
  /** Ended runs only: an Operario is known once the run has been resolved. @param operario `namespace/configmap/key` */
  operario: (operario: string) => `operario:${keyPart(operario)}`,
} as const

/** An Operario's name in queries and statistics: `namespace/configmap/key`. */
export function operarioName({ configMap, key }: { configMap: string; key: string }): string {
  return `${configMap}/${key}`
}

/** Undefined for an invalid alert. */
export function alertIdOf(run: Pick<Run, 'receiver' | 'groupKey' | 'alert'>): string | undefined {
  return isValid(run.alert) ? alertId(run, run.alert) : undefined
}

/** All that is known of an invalid alert's labels is the alertname. */
export function labelsOf(alert: Run['alert']): LabelSet {
  if (isValid(alert)) return alert.labels
  return labelSet(alert.alertname === undefined ? {} : { alertname: alert.alertname })
}

export function isValid(alert: Run['alert']): alert is Alert {
  return 'labels' in alert
}
