import { randomUUID } from 'node:crypto'
import { type DedupScope, isInvalid, type Run, type Webhook } from '@opifer/core'
import { withTimeout } from '@opifer/platform/process'
import type { Marks } from '@opifer/queue'
import type { RedisClient } from '@opifer/platform/redis'
import type { Queue } from 'bullmq'
import { batched } from './batch.ts'
import type { Pressure } from './pressure.ts'
import { splitWebhook } from './split.ts'
import { endedAlerts, refiredAlerts } from './transitions.ts'

/** What became of one alert. */
export interface Receipt {
  alertname: string | undefined
  status: string
  fingerprint: string
  /** A run of its own, part of a run in flight, or quiet since its last run ended a moment ago. */
  result: 'enqueued' | 'deduplicated' | 'cooldown'
  /** The run that takes care of it, or did. */
  runId: string
  /** What is wrong with the alert itself: its run will end `invalid`. */
  invalid?: string
}

export type Intake =
  /** Redis has every alert. */
  | { kind: 'accepted'; receipts: Receipt[] }
  /** Redis has perhaps not every alert; the same webhook again does no harm. */
  | { kind: 'unavailable'; reason: string; cause?: unknown }

export interface IntakeDeps {
  redis: RedisClient
  pressure: Pick<Pressure, 'reason'>
  queue: Queue
  marks: Marks
  /** Told of alerts that came again, by the runs that take care of them. */
  onRepeats: (runIds: string[], at: number) => void
  /** Sends each webhook to Redis by itself: the trace of a batch could be that of one of them only. */
  isTraced?: boolean
  now?: () => number
  newId?: () => string
}

export interface IntakeSettings {
  dedupScope: DedupScope
  /** Milliseconds. */
  redisTimeout: number
  /** Milliseconds. */
  resolvedTtl: number
}

/** Takes webhooks into the queue. Accepted means that Redis has acknowledged every alert of it. */
export function createIntake(deps: IntakeDeps, settings: IntakeSettings): (webhook: Webhook) => Promise<Intake> {
  const { redis, pressure, isTraced = false, now = Date.now, newId = randomUUID } = deps
  const enqueueOne = (runs: readonly Run[]) => enqueue(runs, deps, settings)
  const enqueueBatched = isTraced ? enqueueOne : batched(enqueueOne, MAX_BATCH)
  return async function intake(webhook) {
    // Before its first connection BullMQ would wait for Redis however long that takes.
    if (redis.status !== 'ready') return { kind: 'unavailable', reason: 'Redis is not connected' }
    const full = pressure.reason()
    if (full !== undefined) return { kind: 'unavailable', reason: full }
    const runs = splitWebhook(webhook, settings.dedupScope, now(), newId)
    try {
      const receipts = await withTimeout(settings.redisTimeout, enqueueBatched(runs))
      return receipts ? answerOf(receipts) : late(settings.redisTimeout)
    } catch (cause) {
      return { kind: 'unavailable', reason: 'Redis did not take all alerts', cause }
    }
  }
}

/** Runs that are sent to Redis in one go: enough to share the cost, few enough to let others in between. */
const MAX_BATCH = 500

function answerOf(receipts: (Receipt | 'closing')[]): Intake {
  const kept = receipts.filter((receipt) => receipt !== 'closing')
  return kept.length === receipts.length
    ? { kind: 'accepted', receipts: kept }
    : { kind: 'unavailable', reason: 'the run of an earlier firing is just ending' }
}

function late(timeoutMs: number): Intake {
  return { kind: 'unavailable', reason: `Redis did not answer within ${timeoutMs} ms` }
}

/** For each run what became of it, or that it has joined one that is about to end without a Job. */
async function enqueue(
  runs: readonly Run[],
  { queue, marks, onRepeats, now = Date.now }: IntakeDeps,
  { dedupScope, resolvedTtl }: IntakeSettings,
): Promise<(Receipt | 'closing')[]> {
  // A group's run stands for all of its alerts: that one of them ends says nothing about it.
  const single = dedupScope === 'alert' ? runs : []
  const [cooling] = await Promise.all([
    marks.coolingDown(runs.map(({ dedupId }) => dedupId)),
    // Before the queue has the run, so that a firing run of the same alert can't miss it.
    ...endedAlerts(single).map(({ alertId, mark }) => marks.markResolved(alertId, mark, resolvedTtl)),
  ])
  const awake = runs.filter((_, index) => !cooling[index])
  const added = await queue.addBulk(
    awake.map((run) => ({
      name: run.alert.alertname ?? 'invalid',
      data: run,
      opts: { jobId: run.id, deduplication: { id: run.dedupId } },
    })),
  )
  const inQueue = new Map(awake.map((run, index) => [run.id, added[index]?.id]))
  const refired = refiredAlerts(single, inQueue)
  await Promise.all(refired.map(({ alertId, firing }) => marks.markFiredAnew(alertId, firing, resolvedTtl)))
  // A worker that is ending such a run has either seen the mark, or said so before.
  const ending = await marks.closing(refired.map(({ runId }) => runId))
  const receipts = runs.map((run, index) => {
    const queuedId = inQueue.get(run.id)
    return queuedId !== undefined && ending.has(queuedId) ? 'closing' : receiptOf(run, cooling[index] ?? null, queuedId)
  })
  const repeated = receipts.flatMap((receipt) =>
    receipt === 'closing' || receipt.result === 'enqueued' ? [] : [receipt.runId],
  )
  if (repeated.length > 0) onRepeats(repeated, now())
  return receipts
}

/** BullMQ tells that an add was deduplicated only by answering with another id than the one that was asked for. */
function receiptOf(run: Run, coolingRun: string | null, queuedId: string | undefined): Receipt {
  const { alertname, status, fingerprint } = run.alert
  const joined = queuedId === run.id ? 'enqueued' : 'deduplicated'
  return {
    alertname,
    status,
    fingerprint,
    result: coolingRun ? 'cooldown' : joined,
    runId: coolingRun ?? queuedId ?? run.id,
    ...(isInvalid(run.alert) && { invalid: run.alert.invalid }),
  }
}
