import { runSchema } from '@opifer/core'
import type { DashboardDeps } from '../deps.ts'
import { queuedRun, type ShownRun } from '../shown-run.ts'

type Deps = Pick<DashboardDeps, 'history' | 'queue'>

/** A run by its id: its record, else what the queue holds of it. */
export async function findRun(id: string, { history, queue }: Deps): Promise<ShownRun | undefined> {
  if (!RUN_ID.test(id)) return undefined
  const record = await history.get(id)
  if (record) return record
  const job = await queue.getJob(id)
  const parsed = runSchema.safeParse(job?.data)
  return parsed.success ? queuedRun(parsed.data) : undefined
}

/** None of BullMQ's own keys, which stand beside its jobs, has a digit in it. */
const RUN_ID = /^(?=.*\d)[\w.-]{1,128}$/

export interface Waiting {
  count: number
  oldest: { id: string; receivedAt: number } | undefined
}

/** Runs that no worker has taken up yet. */
export async function readWaiting(queue: DashboardDeps['queue']): Promise<Waiting> {
  const [count, oldest] = await Promise.all([
    queue.getJobCountByTypes('waiting', 'prioritized'),
    readOldestWaiting(queue),
  ])
  return { count, oldest }
}

/** The run that has waited longest for a worker. */
export async function readOldestWaiting(queue: DashboardDeps['queue']): Promise<Waiting['oldest']> {
  const [oldest] = await queue.getWaiting(0, 0)
  const parsed = runSchema.safeParse(oldest?.data)
  return parsed.success ? { id: parsed.data.id, receivedAt: parsed.data.receivedAt } : undefined
}
