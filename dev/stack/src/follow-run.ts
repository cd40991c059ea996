import { setTimeout as sleep } from 'node:timers/promises'
import { type Run, runSchema } from '@opifer/core'
import type { Queue } from 'bullmq'

/** A run with an outcome. */
export type EndedRun = Run & { result: NonNullable<Run['result']> }

/** Polls a run in the queue until it has ended, and reports its Job and its outcome as they appear. */
export async function followRun(queue: Queue, runId: string, onChange: (run: Run) => void): Promise<EndedRun> {
  const deadline = Date.now() + TIMEOUT_MS
  let last = ''
  while (Date.now() < deadline) {
    const job = await queue.getJob(runId)
    const run = runSchema.parse(job?.data)
    const state = `${run.job?.name} ${run.result?.outcome}`
    if (state !== last) onChange(run)
    last = state
    if (run.result) return { ...run, result: run.result }
    await sleep(20)
  }
  throw new Error(`run ${runId} did not end within ${TIMEOUT_MS / 1_000} s`)
}

const TIMEOUT_MS = 60_000
