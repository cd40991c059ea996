import { randomUUID } from 'node:crypto'
import type { Run } from '@opifer/core'
import { makeRun } from '@opifer/core/testing'
import { RUNS } from '@opifer/queue'
import { type Job, Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'

export interface TestQueue {
  redis: Redis
  queue: Queue
  /** What all keys of this test begin with. */
  prefix: string
  /** Enqueues a run as ingest does. */
  enqueue: (overrides?: Partial<Run>) => Promise<Job>
  /** The run that has the deduplication key. */
  keyHolder: (dedupId: string) => Promise<string | null>
}

/** The queue of runs on this Redis, with keys of its own. It is gone when the test ends. */
export function givenQueue(redisUrl: string): TestQueue {
  const prefix = `{test-${randomUUID()}}`
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
  onTestFinished(() => redis.disconnect())
  const queue = new Queue(RUNS.name, { connection: redis, prefix, defaultJobOptions: RUNS.jobOptions })
  onTestFinished(async () => {
    await queue.obliterate({ force: true })
    await queue.close()
  })
  return {
    redis,
    queue,
    prefix,
    async enqueue(overrides) {
      const run = makeRun({ id: randomUUID(), ...overrides })
      return queue.add(run.alert.alertname ?? 'invalid', run, { jobId: run.id, deduplication: { id: run.dedupId } })
    },
    keyHolder: (dedupId) => redis.get(`${prefix}:${RUNS.name}:de:${dedupId}`),
  }
}
