import type { Queue } from 'bullmq'
import { Gauge, type Registry } from 'prom-client'
import type { RedisClient } from '../redis/connect.ts'
import { within } from '../process/within.ts'

export interface RedisMetricsDeps {
  redis: RedisClient
  queue: Pick<Queue, 'getJobCounts'>
}

/** Whether Redis is there, and how many runs are in the queue, asked for at each scrape. */
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
    help: 'Runs in the queue, by state. Every process tells the same number: take the max, not the sum.',
    labelNames: ['state'],
    registers: [],
    async collect() {
      // What can't be known now must not look like what was known last.
      this.reset()
      if (redis.status !== 'ready') return
      const counts = await within(TIMEOUT_MS, count()).catch(() => undefined)
      for (const [state, number] of Object.entries(counts ?? {})) this.set({ state }, number)
    },
  })
  registry.registerMetric(up)
  registry.registerMetric(runs)
}

const TIMEOUT_MS = 1_000

const STATES = ['waiting', 'active', 'delayed', 'completed', 'failed'] as const

/** One question at a time, whoever else asks meanwhile: a Redis that is slow is not asked again before it has answered. */
function counter(queue: Pick<Queue, 'getJobCounts'>): () => Promise<Record<string, number>> {
  let asked: Promise<Record<string, number>> | undefined
  return () => {
    asked ??= queue.getJobCounts(...STATES).finally(() => {
      asked = undefined
    })
    return asked
  }
}
