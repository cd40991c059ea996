import { collectDefaultMetrics, Registry } from 'prom-client'

/** A process's own registry, with the runtime's metrics in it. */
export function createRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}
