import { groupKeyHash, isDone, type Run } from '@opifer/core'
import type { HistoryWriter } from '@opifer/history'
import type { RedisClient } from '@opifer/platform/redis'
import type { Logger, Tracing } from '@opifer/platform/telemetry'
import { leaseOf, LeaseLostError, RUNS, serializeRun, suspend } from '@opifer/queue'
import { DelayedError, Job as QueueJob, UnrecoverableError, Worker } from 'bullmq'
import { RetryError } from '../errors.ts'
import { secondsBetween } from '../metrics.ts'
import { retryDelay } from '../retry-delay.ts'
import type { CreatedRun, EndedRun, RunContext, WorkerContext } from '../run/context.ts'
import type { Progress } from '../run/reconcile.ts'
import { pollDelay } from '../run/track.ts'

export interface ConsumerDeps {
  redis: RedisClient
  log: Logger
  context: WorkerContext
  reconcile: (run: Run, context: RunContext) => Promise<Progress>
  history: Pick<HistoryWriter, 'attemptFailed'>
  tracing: Pick<Tracing, 'annotate' | 'queueOptions'>
  /** Called once a run's Job is saved. Must not throw. */
  onJob: (runId: string) => void
  /** Called when a run begins to wait for its Job, which may have ended before. Must not throw. */
  onWaiting: (run: CreatedRun) => void
  /** Called once a run's end is recorded. Must neither throw nor take time. */
  onEnd: (run: EndedRun) => void
  random?: () => number
}

export interface ConsumerSettings {
  queuePrefix: string
  concurrency: number
  /** Milliseconds. */
  lockDuration: number
}

/**
 * Takes runs from the queue and makes an attempt for each. Only this file uses BullMQ's errors: a waiting run is delayed, a
 * run that ended badly fails without retry, and any other error is retried later.
 */
export function consume(deps: ConsumerDeps, settings: ConsumerSettings): Worker {
  const { log, context, random = Math.random } = deps
  const worker: Worker = new Worker(RUNS.name, (entry, token) => attempt({ worker, entry, token }, deps, settings), {
    ...deps.tracing.queueOptions,
    connection: deps.redis,
    prefix: settings.queuePrefix,
    concurrency: settings.concurrency,
    lockDuration: settings.lockDuration,
    stalledInterval: settings.lockDuration,
    maxStalledCount: RUNS.maxStalledCount,
    settings: {
      backoffStrategy: (attempts, _type, error) =>
        retryDelay(attempts, {
          random,
          baseMs: 1_000,
          maxMs: 60_000,
          floorMs: error instanceof RetryError ? error.retryAfterMs : undefined,
        }),
    },
  })
  worker.on('error', (err) => log.debug({ err }, 'queue worker error'))
  worker.on('stalled', (runId) => {
    context.metrics.stalled()
    void QueueJob.fromId(worker, runId)
      .catch(() => undefined)
      .then((entry) => log.warn(fieldsOf(runId, entry), 'run stalled; another worker takes over'))
  })
  worker.on('failed', (entry, err) => {
    if (err instanceof UnrecoverableError) return
    context.metrics.retried()
    log.warn({ err, ...fieldsOf(entry?.id, entry) }, 'run attempt failed, retrying')
  })
  return worker
}

/** On every log line about a run. */
function fieldsOf(runId: string | undefined, entry: QueueJob | undefined) {
  const groupKey: unknown = entry?.data?.groupKey
  return { runId, groupKey }
}

interface Delivery {
  worker: Worker
  entry: QueueJob
  token: string | undefined
}

/** One attempt of one run. The value it returns, or the error it throws, is what BullMQ does with the run. */
async function attempt(delivery: Delivery, deps: ConsumerDeps, settings: ConsumerSettings): Promise<string> {
  const run = parse(delivery.entry, deps.log)
  const context = contextOf(run, delivery, deps, settings)
  traceStart(run, context, deps)
  const progress = await deps.reconcile(run, context).catch((error: unknown) => noteFailure(run, error, deps))
  if (progress.kind === 'waiting') {
    await wait(run, progress.run, delivery, deps)
    throw new DelayedError()
  }
  const { result } = progress
  deps.tracing.annotate(() => ({ 'opifer.outcome': result.outcome }))
  // A result that was recorded before was reported by the attempt that recorded it.
  if (!run.result) deps.onEnd({ ...run, result })
  if (!isDone(result.outcome)) throw new UnrecoverableError(`${result.outcome}: ${result.reason}`)
  return result.outcome
}

function parse(entry: QueueJob, log: Logger): Run {
  const parsed = RUNS.schema.safeParse(entry.data)
  if (parsed.success) return parsed.data
  log.error({ ...fieldsOf(entry.id, entry), issues: parsed.error.issues }, 'queue entry is not a valid run')
  throw new UnrecoverableError(`queue entry is not a valid run: ${parsed.error.message}`)
}

function contextOf(
  { id, groupKey }: Run,
  { entry, token = '' }: Delivery,
  { context, log }: ConsumerDeps,
  { queuePrefix, lockDuration }: ConsumerSettings,
): RunContext {
  return {
    ...context,
    lease: leaseOf(queuePrefix, id, token, lockDuration),
    stored: entry.data as object,
    isFirst: entry.attemptsStarted <= 1,
    lastError: entry.failedReason,
    log: log.child({ runId: id, groupKey }),
  }
}

function traceStart(run: Run, { isFirst, metrics, now }: RunContext, { tracing }: ConsumerDeps): void {
  if (isFirst) metrics.begun(secondsBetween(run.receivedAt, now()))
  tracing.annotate(() => ({
    'opifer.run.id': run.id,
    'opifer.group_key.hash': groupKeyHash(run.groupKey),
    'opifer.alertname': run.alert.alertname,
  }))
}

/** Saves a run that has got its Job, and delays it until its next check. */
async function wait(before: Run, run: CreatedRun, delivery: Delivery, deps: ConsumerDeps): Promise<void> {
  const { worker, entry, token = '' } = delivery
  const { context, tracing, random = Math.random } = deps
  const isNew = !before.job
  tracing.annotate(() => ({ 'k8s.job.name': run.job.name, 'k8s.namespace.name': run.job.namespace }))
  await suspend(worker, {
    runId: run.id,
    token,
    delayMs: pollDelay(run.job, context.now(), random),
    data: isNew ? serializeRun(entry.data as object, run) : undefined,
  })
  // Only now: a worker that has lost its lease has got no Job.
  if (isNew) {
    if (run.job.adopted) context.metrics.adopted()
    context.metrics.jobMade(secondsBetween(run.receivedAt, context.now()))
    deps.onJob(run.id)
  }
  if (run.job.adopted) context.jobs.adopt(run.job, run.id)
  deps.onWaiting(run)
}

async function noteFailure(run: Run, error: unknown, { history, context }: ConsumerDeps): Promise<never> {
  // The run is another worker's by now.
  if (error instanceof LeaseLostError) throw error
  const message = error instanceof Error ? error.message : String(error)
  await history.attemptFailed(run.id, { at: context.now(), message })
  throw error
}
