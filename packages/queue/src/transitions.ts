import {
  alertId,
  alertKeyOf,
  type JobTimes,
  jobNumber,
  legacyAlertId,
  type ResolvedMark,
  type Result,
  type Run,
} from '@opifer/core'
import { type HistoryEncoder, historyBase } from '@opifer/history'
import type { RedisClient } from '@opifer/platform/redis'
import { z } from 'zod'
import { flagKeys } from './keys.ts'
import { type Lease, LeaseLostError } from './lease.ts'
import { defineScript } from './script.ts'
import { BEGIN, FINISH, MARK_IN_DOUBT, SETTLE } from './transitions.lua.ts'

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
  /** Since when a create of an earlier attempt is in doubt: sent perhaps, and its answer lost. */
  inDoubtSince: number | undefined
}

/**
 * What a worker changes in Redis for a run, one fenced script per transition, history included. All throw a
 * `LeaseLostError` once the lease has passed to another worker, and write nothing then.
 */
export interface Transitions {
  /**
   * Begins an attempt: renews the lease and reads what is known. With `inDoubtFrom` it also marks the create that is about
   * to follow as in doubt.
   */
  begin(run: Run, lease: Lease, times: { at: number; inDoubtFrom: number | undefined }): Promise<AttemptState>
  /** Renews the lease and marks the create that is about to be sent as in doubt. */
  markInDoubt(lease: Lease, from: number): Promise<void>
  /** Takes the mark back: no Job was created. */
  settle(lease: Lease): Promise<void>
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
  const settle = defineScript(redis, 'opiferSettle', SETTLE)
  const finish = defineScript(redis, 'opiferFinish', FINISH)

  function reportHistory(problem: unknown): void {
    if (problem !== '') onHistoryError(new Error(String(problem)))
  }

  return {
    async begin(run, lease, { at, inDoubtFrom = '' }) {
      const alertKey = alertKeyOf(run)
      const flags = [
        keys.resolved(alertId(run, run.alert)),
        keys.cooldown(alertKey),
        keys.nextJob(alertKey),
        keys.cancel(run.id),
      ]
      if (run.alertKey === undefined) flags.push(keys.resolved(legacyAlertId(run, run.alert)))
      const args = [lease.token, lease.durationMs, inDoubtFrom, base, ...history.began(run, at)]
      const reply = replySchema.parse(held(await begin([lease.runKey, lease.lockKey, ...flags], args)))
      const [problem, inDoubtSince, resolved, cooling, next, cancelledBy, legacyResolved] = reply
      reportHistory(problem)
      return {
        inDoubtSince: inDoubtSince === null ? undefined : Number(inDoubtSince),
        resolved: parseMark(resolved ?? legacyResolved ?? null),
        coolingAfter: cooling ?? undefined,
        nextJob: Number(next ?? 0),
        cancelledBy: cancelledBy ?? undefined,
      }
    },
    async markInDoubt({ runKey, lockKey, token, durationMs }, from) {
      held(await markInDoubt([runKey, lockKey], [token, durationMs, from]))
    },
    async settle({ runKey, lockKey, token }) {
      held(await settle([runKey, lockKey], [token]))
    },
    async finish(run, { runKey, lockKey, token }, { data, cooldownMs, jobTimes }) {
      const alertKey = alertKeyOf(run)
      const number = run.job && jobNumber(run.job.name)
      const scriptKeys = [runKey, lockKey, keys.cooldown(alertKey), keys.nextJob(alertKey)]
      const job = [cooldownMs, number === undefined ? '' : number + 1, KEEP_NUMBER_MS]
      const args = [token, data, run.id, ...job, base, ...history.ended(run, jobTimes)]
      reportHistory(held(await finish(scriptKeys, args)))
    },
  }
}

/** Longer than a finished Job is likely to be kept: its number must not be used again while it exists. */
const KEEP_NUMBER_MS = 7 * 24 * 3_600_000

function held(reply: unknown): unknown {
  if (reply === null) throw new LeaseLostError()
  return reply
}

const text = z.string().nullable()
const replySchema = z.tuple([z.string(), text, text, text, text, text, text.optional()])

const markSchema = z.object({ endedAt: z.number().optional(), receivedAt: z.number() })

function parseMark(json: string | null): ResolvedMark | undefined {
  return json === null ? undefined : markSchema.parse(JSON.parse(json))
}
