import { type Run, runSchema } from '@opifer/core'
import type { Job as QueueJob } from 'bullmq'
import type { DashboardDeps } from './deps.ts'
import { queuedRun, type ShownRun } from './shown-run.ts'

type Deps = Pick<DashboardDeps, 'history' | 'queue'>

/** A run by its id, from the history or else the queue. A run without a recorded result is checked against the queue. */
export async function findRun(id: string, { history, queue }: Deps): Promise<ShownRun | undefined> {
  if (!RUN_ID.test(id)) return undefined
  const record = await history.get(id)
  if (record?.result) return record
  const queued = await queue.getJob(id)
  const run = runSchema.safeParse(queued?.data).data
  const shown = record ?? (run && queuedRun(run))
  if (queued && queued.finishedOn === undefined) return shown
  // It may have ended between the two reads: workers record the result before the run leaves the queue.
  const latest = (await history.get(id)) ?? shown
  return latest && outOfQueue(latest, run)
}

/** A run no worker will pick up again. If the history missed its result, the queue entry may still hold it. */
function outOfQueue(shown: ShownRun, run: Run | undefined): ShownRun {
  if (shown.result) return shown
  const { operario = run?.operario, job = run?.job } = shown
  return run?.result ? { ...shown, operario, job, result: run.result } : { ...shown, operario, job, leftQueue: true }
}

/** Requires a digit: BullMQ's own keys share the prefix with run ids, and none of them contains one. */
const RUN_ID = /^(?=.*\d)[\w.-]{1,128}$/

/** Runs waiting for a worker. */
export interface Waiting {
  count: number
  /** The first that no worker has picked up yet. Other waiting runs are due for another attempt, e.g. after their Job ended. */
  oldest: { id: string; receivedAt: number } | undefined
}

export async function readWaiting(queue: DashboardDeps['queue']): Promise<Waiting> {
  const [count, oldest] = await Promise.all([
    queue.getJobCountByTypes('waiting', 'prioritized'),
    readOldestWaiting(queue),
  ])
  return { count, oldest }
}

/**
 * The run that has waited longest for its first attempt. For later attempts the alert's age says nothing about the wait,
 * and BullMQ doesn't record when it began.
 */
export async function readOldestWaiting(queue: DashboardDeps['queue']): Promise<Waiting['oldest']> {
  const [next] = await queue.getWaiting(0, 0)
  if (!next) return undefined
  const oldest =
    unstarted(next) ?? (await queue.getWaiting(1, MAX_READ - 1)).map(unstarted).find((run) => run !== undefined)
  return oldest && { id: oldest.id, receivedAt: oldest.receivedAt }
}

/** Queue entries to read at most: every page load does this. */
const MAX_READ = 20

function unstarted({ attemptsStarted, data }: QueueJob): Run | undefined {
  const run = attemptsStarted === 0 ? runSchema.safeParse(data).data : undefined
  return run?.job || run?.result ? undefined : run
}
