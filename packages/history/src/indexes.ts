import { alertId, isInvalid, type LabelSet, labelSet, type Outcome, type Run } from '@opifer/core'
import { keyPart } from './keys.ts'

/** Names of the indexes. Each is a sorted set of run ids by when ingest received the alert. */
export const INDEX = {
  all: 'all',
  open: 'open',
  /** Runs with more labels than are indexed: any label may be one of theirs. */
  manyLabels: 'many-labels',
  outcome: (outcome: Outcome) => `outcome:${outcome}`,
  alertname: (alertname: string) => `alertname:${keyPart(alertname)}`,
  status: (status: string) => `status:${status}`,
  group: (groupKey: string) => `group:${keyPart(groupKey)}`,
  alert: (id: string) => `alert:${keyPart(id)}`,
  label: (name: string, value: string) => `label:${keyPart(name)}=${keyPart(value)}`,
  /** @param operario `namespace/configmap/key` */
  operario: (operario: string) => `operario:${keyPart(operario)}`,
} as const

const MAX_LABELS = 64

/** The indexes in which a run stands from its beginning. */
export function indexesOf(run: Pick<Run, 'receiver' | 'groupKey' | 'alert'>): string[] {
  const { alert, groupKey } = run
  const labels = Object.entries(labelsOf(alert)).filter(([name, value]) => name !== 'alertname' && value !== '')
  const indexes = [
    INDEX.all,
    INDEX.open,
    INDEX.status(alert.status),
    INDEX.group(groupKey),
    ...labels.slice(0, MAX_LABELS).map(([name, value]) => INDEX.label(name, value)),
  ]
  if (labels.length > MAX_LABELS) indexes.push(INDEX.manyLabels)
  if (alert.alertname) indexes.push(INDEX.alertname(alert.alertname))
  if (!isInvalid(alert)) indexes.push(INDEX.alert(alertId(run, alert)))
  return indexes
}

/** Of a defective alert no more than its name can be told. */
export function labelsOf(alert: Run['alert']): LabelSet {
  if (!isInvalid(alert)) return alert.labels
  return labelSet(alert.alertname === undefined ? {} : { alertname: alert.alertname })
}
