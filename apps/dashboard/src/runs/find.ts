import { type Run, runSchema } from '@opifer/core'
import type { Job } from 'bullmq'
import type { DashboardDeps } from './deps.ts'
import { queuedRun, type ShownRun } from './shown-run.ts'

type Deps = Pick<DashboardDeps, 'history' | 'queue'>

/**
 * A run by its id: its record, else what the queue holds of it. Of one without an end on record the queue tells whether
 * it goes on.
 */
export async function findRun(id: string, { history, queue }: Deps): Promise<ShownRun | undefined> {
  if (!RUN_ID.test(id)) return undefined
  const record = await history.get(id)
  if (record?.result) return record
  const job = await queue.getJob(id)
  const run = runSchema.safeParse(job?.data).data
  const shown = record ?? (run && queuedRun(run))
  if (job && job.finishedOn === undefined) return shown
  // It may have ended between the two looks: its end is written down before it leaves the queue.
  const latest = (await history.get(id)) ?? shown
  return latest && withoutQueue(latest, run)
}

/** A run that no worker takes up any more. What the history was not told the queue may still hold. */
function withoutQueue(shown: ShownRun, run: Run | undefined): ShownRun {
  if (shown.result) return shown
  const { operario = run?.operario, job = run?.job } = shown
  return run?.result ? { ...shown, operario, job, result: run.result } : { ...shown, operario, job, leftQueue: true }
}

/** None of BullMQ's own keys, which stand beside its jobs, has a digit in it. */
const RUN_ID = /^(?=.*\d)[\w.-]{1,128}$/

export interface Waiting {
  count: number
  /** The first in line that no worker has taken up yet: others wait for another turn, as when their Job has ended. */
  oldest: { id: string; receivedAt: number } | undefined
}

/** Runs that wait for a worker. */
export async function readWaiting(queue: DashboardDeps['queue']): Promise<Waiting> {
  const [count, oldest] = await Promise.all([
    queue.getJobCountByTypes('waiting', 'prioritized'),
    readOldestWaiting(queue),
  ])
  return { count, oldest }
}

/**
 * The run that has waited longest to be taken up by a worker. How long one waits for another turn nobody can tell: its
 * alert's age is no measure of that.
 */
export async function readOldestWaiting(queue: DashboardDeps['queue']): Promise<Waiting['oldest']> {
  const [next] = await queue.getWaiting(0, 0)
  if (!next) return undefined
  const oldest = untaken(next) ?? (await queue.getWaiting(1, LOOKS - 1)).map(untaken).find((run) => run !== undefined)
  return oldest && { id: oldest.id, receivedAt: oldest.receivedAt }
}

/** Runs next in line that are looked at: every page asks. */
const LOOKS = 20

function untaken({ attemptsStarted, data }: Job): Run | undefined {
  const run = attemptsStarted === 0 ? runSchema.safeParse(data).data : undefined
  return run?.job || run?.result ? undefined : run
}
