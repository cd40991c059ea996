import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { VERSION } from '../process/version.ts'

/** A process's own registry, with the runtime's metrics and the version of Opifer in it. */
export function createRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  new Gauge({
    name: 'opifer_build_info',
    help: 'Always 1; the label tells which version of Opifer runs here.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version: VERSION }, 1)
  return registry
}

/** Gauges whose names end as only a counter's may; each is the sum of another metric that stays. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']
