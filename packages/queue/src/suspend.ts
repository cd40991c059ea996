import type { Worker } from 'bullmq'
import { LeaseLostError } from './lease.ts'

export interface Suspension {
  runId: string
  token: string
  /** Milliseconds until the run's next attempt, if nothing promotes it earlier. */
  delayMs: number
  /** The run as it is from now on; undefined leaves it unchanged. */
  data: string | undefined
}

/**
 * Puts a run back among the delayed ones, where it holds no worker, and saves it in the same step: BullMQ's own script
 * checks the lock, updates the run's fields and gives the lock up.
 */
export async function suspend(worker: Pick<Worker, 'backend'>, options: Suspension): Promise<void> {
  const { runId, token, delayMs, data } = options
  try {
    await worker.backend.moveToDelayed(runId, Date.now(), delayMs, token, {
      skipAttempt: true,
      ...(data !== undefined && { fieldsToUpdate: { data } }),
    })
  } catch (error) {
    throw isLockError(error) ? new LeaseLostError() : error
  }
}

/** BullMQ's codes: −2 there is no lock, −3 the run is not active, −6 the lock is another's (bullmq: enums/error-code). */
function isLockError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && [-2, -3, -6].includes(error.code as number)
}
