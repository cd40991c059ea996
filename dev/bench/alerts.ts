import type { Run } from '@opifer/core'
import { identify, isInvalid, parseWebhook } from '@opifer/core'

export const ALERTNAME = 'OpiferBench'
const RECEIVER = 'openfero'
const GROUP_KEY = `{}/{team="platform"}:{alertname="${ALERTNAME}", cluster="eu-1", severity="warning"}`

/** Where an alert's number stands in its text: 16 digits, as many as a fingerprint has. */
const PLACEHOLDER = 'f'.repeat(16)

/** An alert as kube-prometheus' rules make them, in size and in number of labels. */
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
  startsAt: '2026-11-23T03:58:54.050894278Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL:
    'http://prometheus.example.com/graph?g0.expr=kubelet_volume_stats_available_bytes+%2F+kubelet_volume_stats_capacity_bytes+%3C+0.15&g0.tab=1',
  fingerprint: PLACEHOLDER,
}

/** A webhook's text with the places where the numbers of its alerts go. */
export interface WebhookText {
  bytes: Buffer
  /** Where in `bytes` each alert's 16 digits begin. */
  places: number[]
}

/** A webhook of this many alerts, as Alertmanager writes it. */
export function webhookText(alerts: number): WebhookText {
  const { labels, annotations } = ALERT
  const { alertname, cluster, severity } = labels
  const text = JSON.stringify({
    receiver: RECEIVER,
    status: 'firing',
    alerts: Array.from({ length: alerts }, () => ALERT),
    groupLabels: { alertname, cluster, severity },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: 'http://alertmanager.example.com:9093',
    version: '4',
    groupKey: GROUP_KEY,
    truncatedAlerts: 0,
  })
  const bytes = Buffer.from(text)
  const places: number[] = []
  for (let at = bytes.indexOf(PLACEHOLDER); at >= 0; at = bytes.indexOf(PLACEHOLDER, at + 16)) places.push(at)
  return { bytes, places }
}

/** Gives an alert its number: another number is another alert. */
export function writeNumber(bytes: Buffer, place: number, number: number): void {
  bytes.write(digits(number), place, 'latin1')
}

function digits(number: number): string {
  return number.toString(16).padStart(16, '0')
}

/** The run that ingest would make of an alert. */
export function runOf(number: number, id: string): Run {
  const parsed = parseWebhook(JSON.parse(webhookText(1).bytes.toString().replace(PLACEHOLDER, digits(number))))
  const alert = parsed.ok ? parsed.webhook.alerts[0] : undefined
  if (!alert || isInvalid(alert)) throw new Error('the sample alert is not one')
  const origin = { receiver: RECEIVER, groupKey: GROUP_KEY }
  const { dedupId, alertKey } = identify(origin, alert, 'alert')
  return { id, dedupId, alertKey, ...origin, receivedAt: Date.now(), alert }
}

/** Bytes of one alert as it comes over the wire. */
export const ALERT_BYTES = JSON.stringify(ALERT).length
