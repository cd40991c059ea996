import { type Run, runSchema } from '@opifer/core'
import { RUNS } from '@opifer/queue'
import { eventually, type EventuallyOptions } from '@opifer/testkit'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'

/** A run that has come to its end. */
export type EndedRun = Run & { result: NonNullable<Run['result']> }

/** The queue of runs, seen from outside. */
export interface Runs {
  find(runId: string): Promise<Run | undefined>
  /** Waits until the run has ended and has left the queue: until then the next alert of its kind would join it. */
  end(runId: string, options?: EventuallyOptions): Promise<EndedRun>
  /** What BullMQ says of the run, e.g. `completed`. */
  state(runId: string): Promise<string>
  /** Every run that is in the queue or was, newest first. */
  all(): Promise<Run[]>
  /** Takes a run from the worker that has it, as when the worker was away for too long. */
  unlock(runId: string): Promise<void>
  /** Lets a run that waits for its Job look at once. */
  promote(runId: string): Promise<void>
  close(): Promise<void>
}

/** @param patience milliseconds that a run may take to its end */
export function openRuns(redisUrl: string, prefix = '{opifer}', patience = 20_000): Runs {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const queue = new Queue(RUNS.name, { connection: redis, prefix })
  // Tests take Redis away on purpose.
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
        const is = run?.result ? 'has ended' : 'has not ended'
        throw new Error(`run ${runId} of ${run?.alert.alertname} ${is} and is ${state}; its Job is ${run?.job?.name}`)
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
