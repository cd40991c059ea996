import { Counter, Gauge, type Registry } from 'prom-client'
import type { LiveHub } from './http/live/hub.ts'

export interface DashboardMetrics {
  acted: (action: 'retry' | 'cancel', result: string) => void
}

export function createMetrics(registry: Registry, live: Pick<LiveHub, 'clients'>): DashboardMetrics {
  const registers = [registry]
  const actions = new Counter({
    name: 'opifer_dashboard_actions_total',
    help: 'Actions requested by operators, by action and result.',
    labelNames: ['action', 'result'],
    registers,
  })
  // Prometheus computes a rate only from a counter that existed before its first increment.
  actions.inc({ action: 'retry', result: 'enqueued' }, 0)
  actions.inc({ action: 'cancel', result: 'asked' }, 0)
  registry.registerMetric(
    new Gauge({
      name: 'opifer_dashboard_viewers',
      help: 'Pages that receive live updates.',
      registers: [],
      collect() {
        this.set(live.clients)
      },
    }),
  )
  return { acted: (action, result) => actions.inc({ action, result }) }
}
