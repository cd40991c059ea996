import type { Logger } from '@opifer/platform/telemetry'
import { type Queue, Job as QueueJob } from 'bullmq'

/**
 * Makes a run that waits for its Job start its next attempt now. Only a hint: a run that is not delayed, or no longer in
 * the queue, stays as it is, and one that can't be reached polls.
 */
export async function promote(queue: Queue, runId: string, log: Logger): Promise<void> {
  try {
    await new QueueJob(queue, 'promote', {}, {}, runId).promote()
  } catch (err) {
    if (!isNotDelayed(err)) log.debug({ err, runId }, 'could not promote run')
  }
}

/** BullMQ's codes: −1 there is no such job, −3 it is not delayed (bullmq: enums/error-code). */
function isNotDelayed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === -1 || error.code === -3)
}
