import { randomUUID } from 'node:crypto'
import { alertKeyOf, type DedupScope, isInvalid, type Run, type Webhook } from '@opifer/core'
import { withTimeout } from '@opifer/platform/process'
import type { RedisClient } from '@opifer/platform/redis'
import { queueEntry, type RunFlags } from '@opifer/queue'
import type { Queue } from 'bullmq'
import { batched } from './batch.ts'
import type { Pressure } from './pressure.ts'
import { type Intent, splitWebhook } from './split.ts'

/** What Opifer did with one alert. */
export interface Receipt {
  alertname: string | undefined
  status: string
  fingerprint: string
  /** It got a run, joined a run in the queue, or is in the cooldown of a run that has just ended. */
  result: 'enqueued' | 'deduplicated' | 'cooldown'
  /** The run that handles it, or did. */
  runId: string
  /** Why the alert itself is invalid: its run will end `invalid`. */
  invalid?: string
}

export type Intake =
  /** Redis has every alert. */
  | { kind: 'accepted'; receipts: Receipt[] }
  /** Redis may lack some of the alerts. Sending the same webhook again does no harm. */
  | { kind: 'unavailable'; reason: string; cause?: unknown }

export interface IntakeDeps {
  redis: RedisClient
  pressure: Pick<Pressure, 'reason'>
  queue: Queue
  flags: Pick<RunFlags, 'coolingDown' | 'markResolved'>
  /** Called with the runs whose alerts came again. */
  onRepeats: (runIds: string[], at: number) => void
  /** Sends each webhook to Redis separately: a batch has no single trace. */
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

/** Enqueues the alerts of webhooks. Accepted means that Redis has acknowledged every one of them. */
export function createIntake(deps: IntakeDeps, settings: IntakeSettings): (webhook: Webhook) => Promise<Intake> {
  const { redis, pressure, isTraced = false, now = Date.now, newId = randomUUID } = deps
  const enqueueOne = (intents: readonly Intent[]) => enqueue(intents, deps, settings)
  const enqueueBatched = isTraced ? enqueueOne : batched(enqueueOne, MAX_BATCH)
  return async function intake(webhook) {
    // Before its first connection BullMQ would wait for Redis without limit.
    if (redis.status !== 'ready') return { kind: 'unavailable', reason: 'Redis is not connected' }
    const full = pressure.reason()
    if (full !== undefined) return { kind: 'unavailable', reason: full }
    const intents = splitWebhook(webhook, settings.dedupScope, now(), newId)
    try {
      const receipts = await withTimeout(settings.redisTimeout, enqueueBatched(intents))
      return receipts ? { kind: 'accepted', receipts } : late(settings.redisTimeout)
    } catch (cause) {
      return { kind: 'unavailable', reason: 'Redis did not take all alerts', cause }
    }
  }
}

/** Runs sent to Redis in one batch: enough to share the cost, few enough to let others in between. */
const MAX_BATCH = 500

function late(timeoutMs: number): Intake {
  return { kind: 'unavailable', reason: `Redis did not answer within ${timeoutMs} ms` }
}

async function enqueue(
  intents: readonly Intent[],
  { queue, flags, onRepeats, now = Date.now }: IntakeDeps,
  { dedupScope, resolvedTtl }: IntakeSettings,
): Promise<Receipt[]> {
  // A group's run covers all of its alerts: the end of one says nothing about it.
  const ended = dedupScope === 'alert' ? intents.flatMap(({ resolved }) => resolved ?? []) : []
  const [cooling] = await Promise.all([
    flags.coolingDown(intents.map(({ run }) => alertKeyOf(run))),
    // Before the queue has the run, so a firing run of the same alert can't miss it.
    flags.markResolved(ended, resolvedTtl),
  ])
  const awake = intents.filter((_, index) => !cooling[index]).map(({ run }) => run)
  const added = await queue.addBulk(awake.map(queueEntry))
  const inQueue = new Map(awake.map((run, index) => [run.id, added[index]?.id]))
  const receipts = intents.map(({ run }, index) => receiptOf(run, cooling[index] ?? null, inQueue.get(run.id)))
  const repeated = receipts.filter(({ result }) => result !== 'enqueued').map(({ runId }) => runId)
  if (repeated.length > 0) onRepeats(repeated, now())
  return receipts
}

/** BullMQ reports a deduplicated add only by returning another id than the one asked for. */
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
