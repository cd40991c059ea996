import type { Firing, ResolvedMark } from '@opifer/core'
import { z } from 'zod'
import type { RedisClient } from '../redis/connect.ts'

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
  startCooldown(dedupId: string, runId: string, ms: number): Promise<void>
  markResolved(alertId: string, mark: ResolvedMark, keepMs: number): Promise<void>
  markFiredAnew(alertId: string, firing: Firing, keepMs: number): Promise<void>
  /** What a worker must know before it creates a Job. One round trip. */
  beforeCreate(about: RunIdentity): Promise<CreateMarks>
  /** That the run is about to end superseded, so that no alert may count on it any more. */
  markSuperseding(runId: string, keepMs: number): Promise<void>
  unmarkSuperseding(runId: string): Promise<void>
  /** Which of these runs are about to. */
  superseding(runIds: readonly string[]): Promise<ReadonlySet<string>>
  countFinishedJob(episode: string, keepMs: number): Promise<void>
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
    async startCooldown(dedupId, runId, ms) {
      if (ms > 0) await redis.set(key('cooldown', dedupId), runId, 'PX', ms)
    },
    async markResolved(alertId, mark, keepMs) {
      await redis.set(key('resolved', alertId), JSON.stringify(mark), 'PX', keepMs)
    },
    async markFiredAnew(alertId, firing, keepMs) {
      await redis.set(key('fired-anew', alertId), JSON.stringify(firing), 'PX', keepMs)
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
    async markSuperseding(runId, keepMs) {
      await redis.set(key('superseding', runId), '1', 'PX', keepMs)
    },
    async unmarkSuperseding(runId) {
      await redis.del(key('superseding', runId))
    },
    async superseding(runIds) {
      if (runIds.length === 0) return new Set()
      const marks = await redis.mget(runIds.map((id) => key('superseding', id)))
      return new Set(runIds.filter((_, index) => marks[index] !== null))
    },
    async countFinishedJob(episode, keepMs) {
      const counter = key('finished', episode)
      const replies = await redis.multi().incr(counter).pexpire(counter, keepMs).exec()
      for (const [error] of replies ?? []) if (error) throw error
    },
    async requestCancel(runId, by) {
      await redis.set(key('cancel', runId), by, 'PX', CANCEL_MS)
    },
    cancelledBy: async (runId) => (await redis.get(key('cancel', runId))) ?? undefined,
  }
}

type Kind = 'cooldown' | 'resolved' | 'fired-anew' | 'superseding' | 'finished' | 'cancel'

/** Far longer than a worker can take to see it. */
const CANCEL_MS = 24 * 3_600_000

const firingSchema = z.object({ startsAt: z.string().optional(), receivedAt: z.number() })

const markSchema = z.object({ endedAt: z.number().optional(), receivedAt: z.number() })

function parseMark(text: string | null | undefined): ResolvedMark | undefined {
  return text ? markSchema.parse(JSON.parse(text)) : undefined
}
