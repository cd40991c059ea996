import { Queue } from 'bullmq'
import type { RedisClient } from '@opifer/platform/redis'
import type { Tracing } from '@opifer/platform/telemetry'
import { RUNS } from './catalog.ts'

/** The end of the queue that runs are put in and looked at from. */
export function openRuns(redis: RedisClient, prefix: string, options: Tracing['queueOptions'] = {}): Queue {
  return new Queue(RUNS.name, {
    ...options,
    connection: redis,
    prefix,
    defaultJobOptions: RUNS.jobOptions,
    // BullMQ asks for Redis' version once, as soon as it is up. When Redis goes away again at that moment, the queue
    // keeps failing for as long as the process lives.
    skipVersionCheck: true,
  })
}
