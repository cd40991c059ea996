import { Counter, Gauge, type Registry } from 'prom-client'
import type { LiveHub } from './http/live/hub.ts'

export interface DashboardMetrics {
  acted: (action: 'retry' | 'cancel', result: string) => void
}

export function createMetrics(registry: Registry, live: Pick<LiveHub, 'viewers'>): DashboardMetrics {
  const registers = [registry]
  const actions = new Counter({
    name: 'opifer_dashboard_actions_total',
    help: 'What operators asked for, by action and what came of it.',
    labelNames: ['action', 'result'],
    registers,
  })
  // A rate needs to have seen the counter before its first event.
  actions.inc({ action: 'retry', result: 'enqueued' }, 0)
  actions.inc({ action: 'cancel', result: 'asked' }, 0)
  registry.registerMetric(
    new Gauge({
      name: 'opifer_dashboard_viewers',
      help: 'Pages that are kept up to date now.',
      registers: [],
      collect() {
        this.set(live.viewers)
      },
    }),
  )
  return { acted: (action, result) => actions.inc({ action, result }) }
}
