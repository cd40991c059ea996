import { Counter, Histogram, type Registry } from 'prom-client'

export type IngestMetrics = ReturnType<typeof createMetrics>

export function createMetrics(registry: Registry) {
  const registers = [registry]
  return {
    webhooks: new Counter({
      name: 'opifer_webhooks_total',
      help: 'Webhooks answered, by HTTP status code.',
      labelNames: ['code'],
      registers,
    }),
    webhookSeconds: new Histogram({
      name: 'opifer_webhook_duration_seconds',
      help: 'Time from a webhook to its answer.',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    alerts: new Counter({
      name: 'opifer_alerts_total',
      help: 'Alerts received, by what became of them: enqueued, deduplicated, cooldown.',
      labelNames: ['result'],
      registers,
    }),
    truncated: new Counter({
      name: 'opifer_truncated_alerts_total',
      help: 'Alerts that Alertmanager left out of webhooks because of max_alerts.',
      registers,
    }),
  }
}
