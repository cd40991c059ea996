import { type RedisClient, RUNS, type Tracing } from '@opifer/platform'
import { Queue } from 'bullmq'

/** The end of the queue that runs are put in. */
export function openQueue(redis: RedisClient, prefix: string, options: Tracing['queueOptions'] = {}): Queue {
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
