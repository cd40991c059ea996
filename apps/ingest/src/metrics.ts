import { Counter, Histogram, type Registry } from 'prom-client'

export type IngestMetrics = ReturnType<typeof createMetrics>

export function createMetrics(registry: Registry) {
  const registers = [registry]
  const webhooks = new Counter({
    name: 'opifer_webhooks_total',
    help: 'Webhooks, by HTTP status code of the response.',
    labelNames: ['code'],
    registers,
  })
  const alerts = new Counter({
    name: 'opifer_alerts_total',
    help: 'Alerts received, by result: enqueued, deduplicated, cooldown.',
    labelNames: ['result'],
    registers,
  })
  // rate() misses the first event of a counter that did not exist before it.
  for (const code of [202, 400, 401, 403, 413, 415, 503]) webhooks.inc({ code }, 0)
  for (const result of ['enqueued', 'deduplicated', 'cooldown']) alerts.inc({ result }, 0)
  return {
    webhooks,
    alerts,
    webhookSeconds: new Histogram({
      name: 'opifer_webhook_duration_seconds',
      help: 'Time from webhook to response.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    truncated: new Counter({
      name: 'opifer_truncated_alerts_total',
      help: 'Alerts that Alertmanager left out of webhooks because of max_alerts.',
      registers,
    }),
  }
}
