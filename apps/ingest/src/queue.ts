import { type RedisClient, RUNS } from '@opifer/platform'
import { Queue } from 'bullmq'

/** The end of the queue that runs are put in. */
export function openQueue(redis: RedisClient, prefix: string): Queue {
  return new Queue(RUNS.name, {
    connection: redis,
    prefix,
    defaultJobOptions: RUNS.jobOptions,
    // BullMQ asks for Redis' version once, as soon as it is up. When Redis goes away again at that moment, the queue
    // keeps failing for as long as the process lives.
    skipVersionCheck: true,
  })
}
