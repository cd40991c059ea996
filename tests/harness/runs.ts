import { type Run, runSchema } from '@opifer/core'
import { RUNS } from '@opifer/queue'
import { eventually, type EventuallyOptions } from '@opifer/testkit'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'

/** A run that has ended. */
export type EndedRun = Run & { result: NonNullable<Run['result']> }

/** Reads the queue of runs. */
export interface Runs {
  find(runId: string): Promise<Run | undefined>
  /** Waits until the run has ended and has left the queue: until then a repeat of its alert would join it. */
  end(runId: string, options?: EventuallyOptions): Promise<EndedRun>
  /** The run's BullMQ state, for example `completed`. */
  state(runId: string): Promise<string>
  /** Every run that is or was in the queue, newest first. */
  all(): Promise<Run[]>
  /** Takes the run's lock away from its worker, as if it had expired. */
  unlock(runId: string): Promise<void>
  /** Makes a run that waits for its Job poll at once. */
  promote(runId: string): Promise<void>
  close(): Promise<void>
}

/** @param patience default timeout for the end of a run, in milliseconds */
export function openRuns(redisUrl: string, prefix = '{opifer}', patience = 20_000): Runs {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const queue = new Queue(RUNS.name, { connection: redis, prefix })
  // Some tests stop Redis on purpose.
  redis.on('error', () => {})
  queue.on('error', () => {})

  async function find(runId: string): Promise<Run | undefined> {
    const job = await queue.getJob(runId)
    return job && runSchema.parse(job.data)
  }

  return {
    find,
    end: (runId, options = { timeout: patience }) =>
      eventually(async () => {
        const state = await queue.getJobState(runId)
        const run = await find(runId)
        if (run?.result && (state === 'completed' || state === 'failed')) return { ...run, result: run.result }
        const progress = run?.result ? 'has ended' : 'has not ended'
        throw new Error(
          `run ${runId} of ${run?.alert.alertname} ${progress} and is ${state}; its Job is ${run?.job?.name}`,
        )
      }, options),
    state: (runId) => queue.getJobState(runId),
    async all() {
      const jobs = await queue.getJobs()
      return jobs.map(({ data }) => runSchema.parse(data))
    },
    async unlock(runId) {
      await redis.del(`${queue.toKey(runId)}:lock`)
    },
    async promote(runId) {
      await (await queue.getJob(runId))?.promote()
    },
    async close() {
      await queue.close()
      redis.disconnect()
    },
  }
}
