import type { Queue } from 'bullmq'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { withTimeout } from '../process/timers.ts'
import { VERSION } from '../process/version.ts'
import type { RedisClient } from '../redis/connect.ts'

/** A registry of its own for a process, with the metrics of the runtime and the version. */
export function createRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  new Gauge({
    name: 'opifer_build_info',
    help: 'Always 1, labeled with the running version of Opifer.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version: VERSION }, 1)
  return registry
}

/** Gauges with the suffix reserved for counters; each is the sum of another metric that stays. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

export interface RedisMetricsDeps {
  redis: RedisClient
  queue: Pick<Queue, 'getJobCounts'>
}

/** State of the Redis connection and number of runs in the queue, read on each scrape. */
export function registerRedisMetrics(registry: Registry, { redis, queue }: RedisMetricsDeps): void {
  const up = new Gauge({
    name: 'opifer_redis_up',
    help: 'Whether this process is connected to Redis: 1 or 0.',
    registers: [],
    collect() {
      this.set(redis.status === 'ready' ? 1 : 0)
    },
  })
  const count = counter(queue)
  const runs = new Gauge({
    name: 'opifer_queue_runs',
    help: 'Runs in the queue, by state. Every process reports the same number: aggregate with max, not sum.',
    labelNames: ['state'],
    registers: [],
    async collect() {
      // Without a fresh count, report none rather than a stale one.
      this.reset()
      if (redis.status !== 'ready') return
      const counts = await withTimeout(TIMEOUT_MS, count()).catch(() => undefined)
      for (const [state, number] of Object.entries(counts ?? {})) this.set({ state }, number)
    },
  })
  registry.registerMetric(up)
  registry.registerMetric(runs)
}

const TIMEOUT_MS = 1_000

const STATES = ['waiting', 'active', 'delayed', 'completed', 'failed'] as const

/** One call at a time, shared by all scrapes: a slow Redis gets no second one before it has answered. */
function counter(queue: Pick<Queue, 'getJobCounts'>): () => Promise<Record<string, number>> {
  let pending: Promise<Record<string, number>> | undefined
  return () => {
    pending ??= queue.getJobCounts(...STATES).finally(() => {
      pending = undefined
    })
    return pending
  }
}

/** Replaces all values beyond the cap. */
export const OTHER = 'other'

/**
 * Limits the cardinality of a label whose values come from outside: keeps the first `max` values and maps all others to
 * `other`. Prometheus keeps a time series for every value it has ever seen.
 */
export function createLabelCap(max: number): (value: string) => string {
  const known = new Set<string>()
  return (value) => {
    // Different lone surrogates are encoded as the same character: a duplicate series, which fails the whole scrape.
    const text = value.toWellFormed()
    if (known.has(text)) return text
    if (known.size >= max || text.length > MAX_LENGTH) return OTHER
    known.add(text)
    return text
  }
}

const MAX_LENGTH = 200
