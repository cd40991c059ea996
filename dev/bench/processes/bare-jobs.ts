import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '../helper.ts'

/** The baseline of what a run costs Redis: BullMQ adds, processes and completes jobs that do nothing. */
export interface BareJobs {
  redisUrl: string
  data: object
  jobs: number
  /** Milliseconds between two jobs. */
  pauseMs: number
}

const NAME = 'bare'
const PREFIX = '{opifer-bench-bare}'

let started: Promise<{ queue: Queue; worker: Worker }> | undefined

serve(async ({ redisUrl, data, jobs, pauseMs }: BareJobs): Promise<void> => {
  started ??= start(redisUrl)
  const { queue, worker } = await started
  const { promise: allCompleted, resolve } = Promise.withResolvers<void>()
  let completed = 0
  const count = () => {
    if (++completed === jobs) resolve()
  }
  worker.on('completed', count)
  for (let number = 0; number < jobs; number++) {
    await queue.add(NAME, data)
    await sleep(pauseMs)
  }
  await allCompleted
  worker.off('completed', count)
})

async function start(redisUrl: string) {
  const connect = () => new Redis(redisUrl, { maxRetriesPerRequest: null })
  const queue = new Queue(NAME, { connection: connect(), prefix: PREFIX })
  const worker = new Worker(NAME, async () => {}, { connection: connect(), prefix: PREFIX, concurrency: 50 })
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()])
  return { queue, worker }
}
