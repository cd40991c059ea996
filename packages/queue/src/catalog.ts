import { type Run, runSchema } from '@opifer/core'
import type { BulkJobOptions, JobsOptions } from 'bullmq'

/**
 * The queue catalog: everything that both ends of the queue must agree on. There is one queue, and a run is one job in it.
 */
export const RUNS = {
  name: 'runs',
  /** A run in the queue. */
  schema: runSchema,
  jobOptions: {
    // A run stops retrying at `--maxAge`, which the worker checks. A count would stop too early or too late.
    attempts: 1_000_000,
    backoff: { type: 'custom' },
    stackTraceLimit: 3,
    removeOnComplete: { age: 24 * 3_600, count: 10_000 },
    removeOnFail: { age: 7 * 24 * 3_600, count: 10_000 },
  },
  /**
   * How often a run may lose its worker. BullMQ counts over the run's whole life and never resets the count, so this must
   * be far above the restarts that a long Job can see (taskforcesh/bullmq: moveStalledJobsToWait).
   */
  maxStalledCount: 1_000,
} as const satisfies { name: string; schema: typeof runSchema; jobOptions: JobsOptions; maxStalledCount: number }

/** The key of the hash in which BullMQ keeps a run. */
export function runKey(prefix: string, runId: string): string {
  return `${prefix}:${RUNS.name}:${runId}`
}

/**
 * A run as BullMQ's `add` and `addBulk` take it. The queue answers with the id of the run that is in the queue: another
 * one than asked for means that the run was deduplicated.
 */
export function queueEntry(run: Run): { name: string; data: Run; opts: BulkJobOptions } {
  return {
    name: run.alert.alertname ?? 'invalid',
    data: run,
    opts: { jobId: run.id, deduplication: { id: run.dedupId } },
  }
}

/**
 * A run as it goes back to the queue: with what a worker has added, and with whatever a newer version wrote into it that
 * this one does not know.
 *
 * @param stored the run as the queue holds it
 */
export function serializeRun(stored: object, { operario, job, result }: Run): string {
  return JSON.stringify({ ...stored, operario, job, result })
}
