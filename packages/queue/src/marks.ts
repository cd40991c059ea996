import type { Firing, ResolvedMark } from '@opifer/core'
import { z } from 'zod'
import type { RedisClient } from '@opifer/platform/redis'
import type { Lock } from '@opifer/history'

export interface CreateMarks {
  resolved: ResolvedMark | undefined
  /** A firing after an end, which may have joined the run of the firing before it. */
  firedAnew: Firing | undefined
  finishedJobs: number
  /** Who asked for the run's end, if anybody did. */
  cancelledBy: string | undefined
  /** The run of the same deduplication id whose cooldown it is in. */
  coolingAfter: string | undefined
}

export interface FinishedJob extends Omit<RunIdentity, 'alertId'> {
  /** How long the same alert stays quiet, in milliseconds; 0 for not at all. */
  cooldownMs: number
  /** How long the Job is counted, in milliseconds. */
  keepMs: number
}

/** What marks go by. */
export interface RunIdentity {
  dedupId: string
  alertId: string
  episode: string
  runId: string
}

/**
 * What ingest and workers tell each other beside the queue, as keys in Redis that expire by themselves.
 */
export interface Marks {
  /** For each deduplication id the run whose cooldown it is in, or null. One round trip. */
  coolingDown(dedupIds: readonly string[]): Promise<(string | null)[]>
  /** Kept unless a later end of the alert is known: a twin of a clustered Alertmanager may be late. */
  markResolved(alertId: string, mark: ResolvedMark, keepMs: number): Promise<void>
  /** Kept unless a later firing is known. */
  markFiredAnew(alertId: string, firing: Firing, keepMs: number): Promise<void>
  /** What a worker must know before it creates a Job. One round trip. */
  beforeCreate(about: RunIdentity): Promise<CreateMarks>
  /** That the run is about to end without a Job, so that no alert that fires anew may count on it any more. */
  markClosing(runId: string, keepMs: number): Promise<void>
  unmarkClosing(runId: string): Promise<void>
  /** Which of these runs are about to. */
  closing(runIds: readonly string[]): Promise<ReadonlySet<string>>
  /** Begins the cooldown after a run that had a Job, and counts the Job. Does nothing for whoever has lost the run. */
  finishJob(about: FinishedJob, lock: Lock): Promise<void>
  /** Asks for the end of a run. Its next turn sees to that: whoever asks makes it begin. */
  requestCancel(runId: string, by: string): Promise<void>
  /** Who asked for the run's end, if anybody did. */
  cancelledBy(runId: string): Promise<string | undefined>
}

export function createMarks(redis: RedisClient, prefix: string): Marks {
  const key = (kind: Kind, id: string) => `${prefix}:${kind}:${id}`
  return {
    async coolingDown(dedupIds) {
      return dedupIds.length === 0 ? [] : redis.mget(dedupIds.map((id) => key('cooldown', id)))
    },
    async markResolved(alertId, mark, keepMs) {
      await redis.eval(KEEP_LATEST, 1, key('resolved', alertId), JSON.stringify(mark), keepMs, 'endedAt')
    },
    async markFiredAnew(alertId, firing, keepMs) {
      await redis.eval(KEEP_LATEST, 1, key('fired-anew', alertId), JSON.stringify(firing), keepMs, 'beganAt')
    },
    async beforeCreate({ dedupId, alertId, episode, runId }) {
      const [resolved, firedAnew, finished, cancelledBy, cooling] = await redis.mget(
        key('resolved', alertId),
        key('fired-anew', alertId),
        key('finished', episode),
        key('cancel', runId),
        key('cooldown', dedupId),
      )
      return {
        resolved: parseMark(resolved),
        firedAnew: firedAnew ? firingSchema.parse(JSON.parse(firedAnew)) : undefined,
        finishedJobs: Number(finished ?? 0),
        cancelledBy: cancelledBy ?? undefined,
        coolingAfter: cooling ?? undefined,
      }
    },
    async markClosing(runId, keepMs) {
      await redis.set(key('closing', runId), '1', 'PX', keepMs)
    },
    async unmarkClosing(runId) {
      await redis.del(key('closing', runId))
    },
    async closing(runIds) {
      if (runIds.length === 0) return new Set()
      const marks = await redis.mget(runIds.map((id) => key('closing', id)))
      return new Set(runIds.filter((_, index) => marks[index] !== null))
    },
    async finishJob({ dedupId, episode, runId, cooldownMs, keepMs }, lock) {
      const keys = [lock.key, key('cooldown', dedupId), key('finished', episode)]
      await redis.eval(FINISH_JOB, keys.length, ...keys, lock.token, runId, cooldownMs, keepMs)
    },
    async requestCancel(runId, by) {
      await redis.set(key('cancel', runId), by, 'PX', CANCEL_MS)
    },
    cancelledBy: async (runId) => (await redis.get(key('cancel', runId))) ?? undefined,
  }
}

type Kind = 'cooldown' | 'resolved' | 'fired-anew' | 'closing' | 'finished' | 'cancel'

/** By Alertmanager's own time, where the mark has it, else by when ingest heard of it. */
const KEEP_LATEST = `
local function time(mark) return mark[ARGV[3]] or mark.receivedAt end
local known = redis.call('GET', KEYS[1])
if known and time(cjson.decode(known)) > time(cjson.decode(ARGV[1])) then return end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])`

const FINISH_JOB = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return end
if tonumber(ARGV[3]) > 0 then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
redis.call('INCR', KEYS[3])
redis.call('PEXPIRE', KEYS[3], ARGV[4])`

/** Far longer than a worker can take to see it. */
const CANCEL_MS = 24 * 3_600_000

const firingSchema = z.object({ beganAt: z.number().optional(), receivedAt: z.number() })

const markSchema = z.object({ endedAt: z.number().optional(), receivedAt: z.number() })

function parseMark(text: string | null | undefined): ResolvedMark | undefined {
  return text ? markSchema.parse(JSON.parse(text)) : undefined
}
