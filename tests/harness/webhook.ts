/** An alert of a webhook, as Alertmanager sends it, or as it never would. */
export type AlertInput = Record<string, unknown>

export function makeAlert(alertname: string, labels: Record<string, string> = {}, more: AlertInput = {}): AlertInput {
  return {
    status: 'firing',
    labels: { alertname, severity: 'warning', ...labels },
    annotations: { description: 'from a test' },
    startsAt: '2026-11-23T03:58:54.050Z',
    generatorURL: 'http://prometheus.example/graph',
    ...more,
  }
}

export function makeWebhook(alerts: AlertInput[], more: Record<string, unknown> = {}) {
  return { version: '4', groupKey: '{}:{from="tests"}', status: 'firing', receiver: 'openfero', alerts, ...more }
}

/** A group with one firing alert. */
export function firing(alertname: string, labels: Record<string, string> = {}) {
  return makeWebhook([makeAlert(alertname, labels)])
}

/** A group with one resolved alert. */
export function resolved(alertname: string, labels: Record<string, string> = {}) {
  const over = { status: 'resolved', endsAt: '2026-11-23T04:10:00.000Z' }
  return makeWebhook([makeAlert(alertname, labels, over)], { status: 'resolved' })
}
