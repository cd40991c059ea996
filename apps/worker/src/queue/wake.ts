import type { Logger } from '@opifer/platform/telemetry'
import { Job, type Queue } from 'bullmq'

/**
 * Makes a run that waits for its Job take its next turn now. Only a hint: a run that is not waiting, or not there any
 * more, is let be, and one that can't be reached wakes up by itself.
 */
export async function wake(queue: Queue, runId: string, log: Logger): Promise<void> {
  try {
    await new Job(queue, 'wake', {}, {}, runId).promote()
  } catch (err) {
    if (!isNotWaiting(err)) log.debug({ err, runId }, 'a run could not be woken')
  }
}

/** BullMQ's codes: −1 there is no such job, −3 it is not delayed (bullmq: enums/error-code). */
function isNotWaiting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === -1 || error.code === -3)
}
