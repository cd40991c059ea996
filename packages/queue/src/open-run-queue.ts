import type { RedisClient } from '@opifer/platform/redis'
import type { Tracing } from '@opifer/platform/telemetry'
import { Queue } from 'bullmq'
import { RUNS } from './catalog.ts'

/** Opens the run queue. Every process opens it here. */
export function openRunQueue(redis: RedisClient, prefix: string, options: Tracing['queueOptions'] = {}): Queue {
  return new Queue(RUNS.name, {
    ...options,
    connection: redis,
    prefix,
    defaultJobOptions: RUNS.jobOptions,
    // BullMQ asks for Redis' version once, on the first connection. If Redis goes away at that moment, the queue fails
    // for as long as the process lives.
    skipVersionCheck: true,
  })
}
