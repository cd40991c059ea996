import { randomUUID } from 'node:crypto'
import { RUNS } from '@opifer/queue'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { serve } from '../helper.ts'

/** The baseline of ingest: the same jobs added without HTTP. */
export interface QueueLoad {
  redisUrl: string
  prefix: string
  pattern: JobPattern
  /** Jobs per `addBulk`. */
  alerts: number
  inFlight: number
  /** The load ends after this time. */
  seconds: number
  /** Number of the first alert, and how many different ones there are. */
  first: number
  distinct: number
}

/** A job in the queue as ingest adds it. */
export interface JobPattern {
  name: string
  data: object
}

export interface QueueLoadResult {
  added: number
  seconds: number
}

let queue: Queue | undefined

serve(async (load: QueueLoad): Promise<QueueLoadResult> => {
  queue ??= new Queue(RUNS.name, {
    connection: new Redis(load.redisUrl, { maxRetriesPerRequest: null }),
    prefix: load.prefix,
    defaultJobOptions: RUNS.jobOptions,
  })
  const target = queue
  const makeJobs = createJobs(load)
  const startedAt = performance.now()
  const deadline = startedAt + load.seconds * 1_000
  let added = 0
  await Promise.all(
    Array.from({ length: load.inFlight }, async () => {
      while (performance.now() < deadline) {
        await target.addBulk(makeJobs())
        added += load.alerts
      }
    }),
  )
  return { added, seconds: (performance.now() - startedAt) / 1_000 }
})

/** Copies of the pattern, made as cheaply as possible. */
function createJobs({ pattern: { name, data }, alerts, first, distinct }: QueueLoad) {
  let next = 0
  return () =>
    Array.from({ length: alerts }, () => {
      const jobId = randomUUID()
      // As long as the digest that a deduplication id is.
      const id = (first + (next++ % distinct)).toString(16).padStart(64, '0')
      return { name, data: { ...data, id: jobId }, opts: { jobId, deduplication: { id } } }
    })
}
