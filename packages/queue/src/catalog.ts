import { runSchema } from '@opifer/core'
import type { JobsOptions } from 'bullmq'

/**
 * The queue catalogue: everything that both sides of a queue must agree on. There is one queue; a run is one job in it.
 */
export const RUNS = {
  name: 'runs',
  /** What a run is in the queue. */
  schema: runSchema,
  jobOptions: {
    // Retries end by the run's age, which the worker judges; a count would give up too early or too late.
    attempts: 1_000_000,
    backoff: { type: 'custom' },
    stackTraceLimit: 3,
    removeOnComplete: { age: 24 * 3_600, count: 10_000 },
    removeOnFail: { age: 7 * 24 * 3_600, count: 10_000 },
  },
  /**
   * How often a run may lose its worker. BullMQ counts over the run's whole life and never starts anew, so this must be
   * far above the restarts that a long Job can see (taskforcesh/bullmq: moveStalledJobsToWait).
   */
  maxStalledCount: 1_000,
} as const satisfies { name: string; schema: typeof runSchema; jobOptions: JobsOptions; maxStalledCount: number }
