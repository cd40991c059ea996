import { isDone, type Run } from '@opifer/core'
import type { HistoryWriter } from '@opifer/history'
import { RUNS } from '@opifer/queue'
import type { RedisClient } from '@opifer/platform/redis'
import type { Logger, Tracing } from '@opifer/platform/telemetry'
import { DelayedError, Job, UnrecoverableError, Worker } from 'bullmq'
import { RetryError } from '../errors.ts'
import type { CreatedRun, Turn } from '../processors/run.ts'
import type { TurnContext } from '../processors/steps.ts'
import { retryDelay } from '../retry-delay.ts'
import { createHold } from './hold.ts'

export interface WorkerDeps {
  redis: RedisClient
  log: Logger
  takeTurn: (run: Run, context: TurnContext) => Promise<Turn>
  history: Pick<HistoryWriter, 'created' | 'attemptFailed'>
  /** Milliseconds until a waiting run looks after its Job by itself. */
  nextLook: (run: CreatedRun) => number
  /** Called when a run has begun to wait: what would wake it may have happened before. */
  onWaiting: (run: CreatedRun) => void
  onRetry: () => void
  onStalled: () => void
  /** To be spread into BullMQ's options. */
  queueOptions?: Tracing['queueOptions']
  random?: () => number
  now?: () => number
}

export interface WorkerSettings {
  queuePrefix: string
  concurrency: number
  /** Milliseconds. */
  lockDuration: number
}

/**
 * Pulls runs from the queue and gives each its turn. This is the one place that speaks BullMQ's language of errors: a
 * run that waits is re-delayed, one that ended badly is failed for good, any other error is tried again later.
 */
export function startWorker(deps: WorkerDeps, settings: WorkerSettings): Worker {
  const { log, random = Math.random } = deps
  const worker = new Worker(RUNS.name, (job, token) => processJob({ job, token }, deps, settings), {
    ...deps.queueOptions,
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
  worker.on('error', (err) => log.debug({ err }, 'worker'))
  worker.on('stalled', (runId) => {
    deps.onStalled()
    void Job.fromId(worker, runId)
      .catch(() => undefined)
      .then((job) => log.warn(about(runId, job), 'the worker of a run is gone: another takes over'))
  })
  worker.on('failed', (job, err) => {
    if (err instanceof UnrecoverableError) return
    deps.onRetry()
    log.warn({ err, ...about(job?.id, job) }, 'a run will be tried again')
  })
  return worker
}

/** What every log line about a run tells of it. */
function about(runId: string | undefined, job: Job | undefined) {
  const groupKey: unknown = job?.data?.groupKey
  return { runId, groupKey }
}

interface Taken {
  job: Job
  token: string | undefined
}

async function processJob({ job, token = '' }: Taken, deps: WorkerDeps, settings: WorkerSettings): Promise<string> {
  const parsed = RUNS.schema.safeParse(job.data)
  if (!parsed.success) {
    deps.log.error({ ...about(job.id, job), issues: parsed.error.issues }, 'what stands in the queue is no run')
    throw new UnrecoverableError(`what stands in the queue is no run: ${parsed.error.message}`)
  }
  const run = parsed.data
  const key = `${settings.queuePrefix}:${RUNS.name}:${job.id}`
  const hold = createHold(job, { redis: deps.redis, key, token, lockDuration: settings.lockDuration })
  const context = {
    ...hold,
    isFirst: job.attemptsStarted <= 1,
    lastError: job.failedReason,
    log: deps.log.child({ runId: run.id, groupKey: run.groupKey }),
  }
  const turn = await deps.takeTurn(run, context).catch((error: unknown) => noteFailure(run.id, error, deps))
  if (turn.kind === 'waiting') {
    if (turn.run !== run) await Promise.all([hold.save(turn.run), deps.history.created(turn.run, hold.lock)])
    // Only then, since it gives up the lock that both are checked against.
    await job.moveToDelayed(Date.now() + deps.nextLook(turn.run), token)
    deps.onWaiting(turn.run)
    throw new DelayedError()
  }
  if (!isDone(turn.result.outcome)) throw new UnrecoverableError(`${turn.result.outcome}: ${turn.result.reason}`)
  return turn.result.outcome
}

async function noteFailure(runId: string, error: unknown, { history, now = Date.now }: WorkerDeps): Promise<never> {
  const message = error instanceof Error ? error.message : String(error)
  await history.attemptFailed(runId, { at: now(), message })
  throw error
}
