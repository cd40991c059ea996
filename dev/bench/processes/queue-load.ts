import { randomUUID } from 'node:crypto'
import { RUNS } from '@opifer/queue'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { runOf } from '../alerts.ts'
import { answer } from '../helper.ts'

/** The baseline of ingest: runs added to the queue with no HTTP around it. */
export interface QueueLoad {
  redisUrl: string
  prefix: string
  /** Runs of each `addBulk`. */
  alerts: number
  inFlight: number
  /** Ends after so many seconds, or so many runs, whichever comes first. */
  seconds: number
  runs?: number
  /** Number of the first alert, and how many different ones there are. */
  first: number
  distinct: number
}

export interface QueueLoadResult {
  added: number
  seconds: number
}

let queue: Queue | undefined

answer(async (load: QueueLoad): Promise<QueueLoadResult> => {
  queue ??= new Queue(RUNS.name, {
    connection: new Redis(load.redisUrl, { maxRetriesPerRequest: null }),
    prefix: load.prefix,
    defaultJobOptions: RUNS.jobOptions,
  })
  const target = queue
  const makeJobs = createJobs(load)
  const startedAt = performance.now()
  const deadline = startedAt + load.seconds * 1_000
  let begun = 0
  let added = 0
  await Promise.all(
    Array.from({ length: load.inFlight }, async () => {
      while (performance.now() < deadline && begun < (load.runs ?? Infinity)) {
        begun += load.alerts
        await target.addBulk(makeJobs())
        added += load.alerts
      }
    }),
  )
  return { added, seconds: (performance.now() - startedAt) / 1_000 }
})

/** The same jobs that ingest adds, made at as little cost as they can be: one run is the pattern of all. */
function createJobs({ alerts, first, distinct }: QueueLoad) {
  const pattern = runOf(first, '')
  let next = 0
  return () =>
    Array.from({ length: alerts }, () => {
      const id = randomUUID()
      const fingerprint = (first + (next++ % distinct)).toString(16).padStart(16, '0')
      // As long as the digest that a deduplication id is.
      const dedupId = fingerprint.repeat(4)
      const data = { ...pattern, id, dedupId, alert: { ...pattern.alert, fingerprint } }
      return { name: 'OpiferBench', data, opts: { jobId: id, deduplication: { id: dedupId } } }
    })
}
