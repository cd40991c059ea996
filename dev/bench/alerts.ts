import type { Run } from '@opifer/core'
import { identify, isInvalid, parseWebhook } from '@opifer/core'

export const ALERTNAME = 'OpiferBench'
const RECEIVER = 'openfero'
const GROUP_KEY = `{}/{team="platform"}:{alertname="${ALERTNAME}", cluster="eu-1", severity="warning"}`

/** Replaced by the number of an alert: 16 hex digits, as in a fingerprint. */
const PLACEHOLDER = 'f'.repeat(16)

/** Number of labels and size as in kube-prometheus. The number makes labels and fingerprint unique. */
const ALERT = {
  status: 'firing',
  labels: {
    alertname: ALERTNAME,
    cluster: 'eu-1',
    container: 'postgres',
    endpoint: 'https-metrics',
    instance: '10.42.7.19:10250',
    job: 'kubelet',
    namespace: 'orders',
    node: 'worker-7.eu-1.example.com',
    persistentvolumeclaim: 'data-postgres-0',
    pod: `postgres-${PLACEHOLDER}`,
    prometheus: 'monitoring/k8s',
    severity: 'warning',
    team: 'platform',
  },
  annotations: {
    description:
      'Based on recent sampling, the PersistentVolume claimed by data-postgres-0 in namespace orders on cluster eu-1 is expected to fill up within four days. Currently 11.47% is available.',
    runbook_url: 'https://runbooks.example.com/kubernetes/kubepersistentvolumefillingup',
    summary: 'PersistentVolume is filling up.',
  },
  startsAt: new Date(Date.now() - 300_000).toISOString().replace('Z', '894278Z'),
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL:
    'http://prometheus.example.com/graph?g0.expr=kubelet_volume_stats_available_bytes+%2F+kubelet_volume_stats_capacity_bytes+%3C+0.15&g0.tab=1',
  fingerprint: PLACEHOLDER,
}

/** A webhook whose alerts can be renumbered in place. */
export interface WebhookText {
  bytes: Buffer
  /** For each alert, the offsets of its number in `bytes`. */
  offsets: number[][]
}

/** A webhook as Alertmanager writes it. */
export function webhookText(alerts: number): WebhookText {
  const { labels, annotations } = ALERT
  const { pod, ...commonLabels } = labels
  const { alertname, cluster, severity } = labels
  const text = JSON.stringify({
    receiver: RECEIVER,
    status: 'firing',
    alerts: Array.from({ length: alerts }, () => ALERT),
    groupLabels: { alertname, cluster, severity },
    commonLabels,
    commonAnnotations: annotations,
    externalURL: 'http://alertmanager.example.com:9093',
    version: '4',
    groupKey: GROUP_KEY,
    truncatedAlerts: 0,
  })
  const bytes = Buffer.from(text)
  const all: number[] = []
  for (let at = bytes.indexOf(PLACEHOLDER); at >= 0; at = bytes.indexOf(PLACEHOLDER, at + 16)) all.push(at)
  const each = all.length / alerts
  return { bytes, offsets: Array.from({ length: alerts }, (_, index) => all.slice(index * each, (index + 1) * each)) }
}

/** Renumbers an alert, which makes it a different one. */
export function writeNumber(bytes: Buffer, offsets: readonly number[], number: number): void {
  for (const offset of offsets) bytes.write(digits(number), offset, 'latin1')
}

function digits(number: number): string {
  return number.toString(16).padStart(16, '0')
}

/** The run that ingest creates for an alert. */
export function runOf(number: number, id: string): Run {
  const parsed = parseWebhook(JSON.parse(webhookText(1).bytes.toString().replaceAll(PLACEHOLDER, digits(number))))
  const alert = parsed.ok ? parsed.webhook.alerts[0] : undefined
  if (!alert || isInvalid(alert)) throw new Error('the sample alert is not one')
  const origin = { receiver: RECEIVER, groupKey: GROUP_KEY }
  const { dedupId, alertKey } = identify(origin, alert, 'alert')
  return { id, dedupId, alertKey, ...origin, receivedAt: Date.now(), alert }
}

/** JSON size of one alert. */
export const ALERT_BYTES = JSON.stringify(ALERT).length
