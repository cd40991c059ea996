import { randomUUID } from 'node:crypto'
import type { Run } from '@opifer/core'
import { makeRun } from '@opifer/core/testing'
import { openRunQueue, queueEntry, RUNS } from '@opifer/queue'
import { type Job as QueueJob, type Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'

export interface TestQueue {
  redis: Redis
  queue: Queue
  /** All keys of this test begin with it. */
  prefix: string
  /** Enqueues a run as ingest does. */
  enqueue: (overrides?: Partial<Run>) => Promise<QueueJob>
  /** Takes the next run as a worker does. */
  take: (token: string) => Promise<QueueJob>
  /** The id of the run that has the deduplication key. */
  keyHolder: (dedupId: string) => Promise<string | null>
}

/** Opens a run queue with its own keys on this Redis. Removes it when the test ends. */
export function openTestQueue(redisUrl: string): TestQueue {
  const prefix = `{test-${randomUUID()}}`
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
  onTestFinished(() => redis.disconnect())
  const queue = openRunQueue(redis as never, prefix)
  onTestFinished(async () => {
    await queue.obliterate({ force: true })
    await queue.close()
  })
  return {
    redis,
    queue,
    prefix,
    async enqueue(overrides) {
      const { name, data, opts } = queueEntry(makeRun({ id: randomUUID(), ...overrides }))
      return queue.add(name, data, opts)
    },
    async take(token) {
      const worker = new Worker(RUNS.name, null, { connection: redis, prefix, autorun: false })
      onTestFinished(() => worker.close())
      const entry = await worker.getNextJob(token)
      if (!entry) throw new Error('no run in the queue')
      return entry
    },
    keyHolder: (dedupId) => redis.get(`${prefix}:${RUNS.name}:de:${dedupId}`),
  }
}
