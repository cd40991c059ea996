import { excerpt, type JobRef, type JobTimes, type OperarioRef, type Result, type Run } from '@opifer/core'
import type { Lock } from './lock.ts'
import type { RedisClient } from '@opifer/platform/redis'
import { defineCommand } from './commands.ts'
import { operarioName } from './conditions.ts'
import { bucketOf } from './histogram.ts'
import { INDEX, indexesOf } from './indexes.ts'
import { historyBase } from './keys.ts'
import { type AttemptError, recordedRun } from './record.ts'
import { ATTEMPT_FAILED, BEGAN, CREATED, ENDED, REPEATED } from './scripts.ts'
import { operarioOutcome, statsTime } from './stats.ts'

export interface HistorySettings {
  /** Milliseconds that a run is kept. */
  historyMaxAge: number
  /** Runs that are kept at most. */
  historyMaxRuns: number
}

/**
 * Writes down what becomes of runs. Each call is one round trip and may be made again without harm. Those of a turn that
 * has lost its run to another worker, which only its lock can tell, write nothing.
 */
export interface HistoryWriter {
  began(run: Run, at: number): Promise<void>
  created(run: Run & { job: JobRef }, lock?: Lock): Promise<void>
  attemptFailed(runId: string, error: AttemptError): Promise<void>
  ended(run: Run & { result: Result }, lock?: Lock, jobTimes?: JobTimes): Promise<void>
}

export function createHistoryWriter(redis: RedisClient, prefix: string, settings: HistorySettings): HistoryWriter {
  const { historyMaxAge: maxAge, historyMaxRuns: maxRuns } = settings
  const base = historyBase(prefix)
  const keep = maxAge + SLACK_MS
  const began = defineCommand(redis, 'opiferHistoryBegan', BEGAN)
  const created = defineCommand(redis, 'opiferHistoryCreated', CREATED)
  const attemptFailed = defineCommand(redis, 'opiferHistoryAttemptFailed', ATTEMPT_FAILED)
  const ended = defineCommand(redis, 'opiferHistoryEnded', ENDED)
  const beginning = (run: Run, at: number) =>
    [run.id, recordedRun(run), at, run.receivedAt, indexesOf(run).join('\n'), keep, at - maxAge, maxRuns] as const
  return {
    async began(run, at) {
      const waited = Math.max(at - run.receivedAt, 0)
      await began(base, ...beginning(run, at), statsTime(at), bucketOf(waited), waited)
    },
    async created({ id, receivedAt, operario, job }, { key, token } = NO_LOCK) {
      const took = Math.max(job.createdAt - receivedAt, 0)
      await created(
        base,
        id,
        key,
        token,
        JSON.stringify(job),
        ...operarioArguments(operario),
        receivedAt,
        keep,
        job.createdAt - maxAge,
        statsTime(job.createdAt),
        bucketOf(took),
        took,
      )
    },
    async attemptFailed(runId, { at, message }) {
      const error = JSON.stringify({ at, message: excerpt(message, MAX_MESSAGE) })
      await attemptFailed(base, runId, at, error, keep, MAX_ERRORS)
    },
    async ended(run, { key, token } = NO_LOCK, jobTimes) {
      const { result, job, operario } = run
      const { outcome, finishedAt } = result
      await ended(
        base,
        ...beginning(run, finishedAt),
        key,
        token,
        JSON.stringify(result),
        INDEX.outcome(outcome),
        job ? JSON.stringify(job) : '',
        ...operarioArguments(operario),
        jobTimes ? JSON.stringify(jobTimes) : '',
        statsTime(finishedAt),
        operario ? operarioOutcome(operarioName(operario), outcome) : '',
      )
    },
  }
}

/** Counts alerts that came again. The records are kept as long as whoever writes them says. */
export function createRepeatCounter(
  redis: RedisClient,
  prefix: string,
): (runIds: string[], at: number) => Promise<void> {
  const base = historyBase(prefix)
  const repeated = defineCommand(redis, 'opiferHistoryRepeated', REPEATED)
  return async (runIds, at) => void (await repeated(base, at, UNBEGUN_MS, ...runIds))
}

/** Beyond a run's age, so that a record outlives its places in indexes and not the other way round. */
const SLACK_MS = 3_600_000
/** How long a repeat is remembered of a run that no worker has taken up yet. */
const UNBEGUN_MS = 24 * 3_600_000
const MAX_ERRORS = 20
const MAX_MESSAGE = 1_000
const NO_LOCK: Lock = { key: '', token: '' }

function operarioArguments(operario: OperarioRef | undefined): [json: string, index: string] {
  return operario ? [JSON.stringify(operario), INDEX.operario(operarioName(operario))] : ['', '']
}
