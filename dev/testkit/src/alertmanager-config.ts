export interface AlertmanagerRouting {
  readonly webhookUrl: string
  /** Durations as Alertmanager writes them: `1s`, `5m`. */
  readonly groupWait?: string
  readonly groupInterval?: string
  readonly repeatInterval?: string
  readonly groupBy?: readonly string[]
  /** Alertmanager's own `http_config`: authorization, TLS. */
  readonly httpConfig?: Readonly<Record<string, unknown>>
}

/** The configuration of an Alertmanager with one webhook receiver, fast enough for a test. */
export function alertmanagerConfig(routing: AlertmanagerRouting): object {
  const { webhookUrl, groupWait = '0s', groupInterval = '1s', repeatInterval = '1h' } = routing
  return {
    route: {
      receiver: 'openfero',
      group_by: routing.groupBy ?? ['alertname'],
      group_wait: groupWait,
      group_interval: groupInterval,
      repeat_interval: repeatInterval,
    },
    receivers: [
      {
        name: 'openfero',
        webhook_configs: [{ url: webhookUrl, send_resolved: true, http_config: routing.httpConfig ?? {} }],
      },
    ],
  }
}
