import { alertId, alertKeyOf, type JobTimes, jobNumber, type ResolvedMark, type Result, type Run } from '@opifer/core'
import { type HistoryEncoder, historyBase } from '@opifer/history'
import { defineScript, type RedisClient } from '@opifer/platform/redis'
import { z } from 'zod'
import { flagKeys } from './keys.ts'
import { type Lease, LeaseLostError } from './lease.ts'
import { BEGIN, CLEAR_IN_DOUBT, FINISH, MARK_IN_DOUBT } from './transitions.lua.ts'

/** What an attempt must know before it creates a Job. Times are milliseconds since the epoch. */
export interface AttemptState {
  /** The latest known end of the alert. */
  resolved: ResolvedMark | undefined
  /** The run of the same alert whose cooldown is on. */
  coolingAfter: string | undefined
  /** The number of the next Job of the alert. */
  nextJob: number
  /** Who asked for the run to be cancelled. */
  cancelledBy: string | undefined
  /** The create of an earlier attempt that is in doubt: perhaps sent, and its answer lost. */
  inDoubt: { since: number; job: number | undefined } | undefined
}

/** A new attempt, and whether it has marked its own create as in doubt. */
export interface BegunAttempt extends AttemptState {
  isMarked: boolean
}

/**
 * What a worker changes in Redis for a run, one fenced script per transition, history included. All throw a
 * `LeaseLostError` once the lease has passed to another worker, and write nothing then.
 */
export interface Transitions {
  /**
   * Begins an attempt: renews the lease and reads what is known. With `inDoubtFrom` it also marks the create of the next Job
   * as in doubt and claims its number, unless a flag may keep the run from it.
   */
  begin(run: Run, lease: Lease, times: { at: number; inDoubtFrom: number | undefined }): Promise<BegunAttempt>
  /** Renews the lease, marks the create that is about to be sent as in doubt, and claims the number of its Job. */
  markInDoubt(run: Run, lease: Lease, create: { from: number; job: number }): Promise<void>
  /** Takes the mark back: no Job was created. */
  clearInDoubt(lease: Lease): Promise<void>
  /** Records the result, starts the cooldown of a run that had a Job, and counts the Job. */
  finish(run: Run & { result: Result }, lease: Lease, ending: RunEnding): Promise<void>
}

export interface RunEnding {
  /** The run as it goes back to the queue: with what a newer version may have written into it. */
  data: string
  /** Milliseconds; 0 for none. */
  cooldownMs: number
  jobTimes: JobTimes | undefined
}

export interface TransitionsOptions {
  redis: RedisClient
  prefix: string
  history: HistoryEncoder
  /** Called when a run's history could not be written. */
  onHistoryError: (error: Error) => void
}

export function createTransitions({ redis, prefix, history, onHistoryError }: TransitionsOptions): Transitions {
  const keys = flagKeys(prefix)
  const base = historyBase(prefix)
  const begin = defineScript(redis, 'opiferBegin', BEGIN)
  const markInDoubt = defineScript(redis, 'opiferMarkInDoubt', MARK_IN_DOUBT)
  const clearInDoubt = defineScript(redis, 'opiferClearInDoubt', CLEAR_IN_DOUBT)
  const finish = defineScript(redis, 'opiferFinish', FINISH)

  function reportHistory(problem: unknown): void {
    if (problem !== '') onHistoryError(new Error(String(problem)))
  }

  return {
    async begin(run, lease, { at, inDoubtFrom = '' }) {
      const key = alertKeyOf(run)
      const flags = [keys.resolved(alertId(run, run.alert)), keys.cooldown(key), keys.nextJob(key), keys.cancel(run.id)]
      const args = [lease.token, lease.durationMs, inDoubtFrom, run.id, KEEP_NUMBER_MS, base, ...history.began(run, at)]
      const reply = replySchema.parse(held(await begin([lease.runKey, lease.lockKey, ...flags], args)))
      const [problem, isMarked, since, job, resolved, cooling, nextJob, cancelledBy] = reply
      reportHistory(problem)
      return {
        isMarked: isMarked === 1,
        inDoubt: since === null ? undefined : { since: Number(since), job: job === null ? undefined : Number(job) },
        resolved: parseMark(resolved),
        coolingAfter: cooling ?? undefined,
        nextJob,
        cancelledBy: cancelledBy ?? undefined,
      }
    },
    async markInDoubt(run, { runKey, lockKey, token, durationMs }, { from, job }) {
      const args = [token, durationMs, from, job, run.id, KEEP_NUMBER_MS]
      held(await markInDoubt([runKey, lockKey, keys.nextJob(alertKeyOf(run))], args))
    },
    async clearInDoubt({ runKey, lockKey, token }) {
      held(await clearInDoubt([runKey, lockKey], [token]))
    },
    async finish(run, { runKey, lockKey, token }, { data, cooldownMs, jobTimes }) {
      const alertKey = alertKeyOf(run)
      const number = run.job && jobNumber(run.job.name)
      const scriptKeys = [runKey, lockKey, keys.cooldown(alertKey), keys.nextJob(alertKey)]
      const job = [cooldownMs, number ?? '', KEEP_NUMBER_MS]
      const args = [token, data, run.id, ...job, base, ...history.ended(run, jobTimes)]
      reportHistory(held(await finish(scriptKeys, args)))
    },
  }
}

/** How long the number of a finished Job is remembered. A Job that is kept longer only costs calls: its number is taken. */
const KEEP_NUMBER_MS = 7 * 24 * 3_600_000

function held(reply: unknown): unknown {
  if (reply === null) throw new LeaseLostError()
  return reply
}

const text = z.string().nullable()
const replySchema = z.tuple([z.string(), z.number(), text, text, text, text, z.number(), text])

const markSchema = z.object({ endedAt: z.number().optional(), receivedAt: z.number() })

function parseMark(json: string | null): ResolvedMark | undefined {
  return json === null ? undefined : markSchema.parse(JSON.parse(json))
}
