import { z } from 'zod'
import type { RedisClient } from '../redis/connect.ts'

/** That an alert was resolved. Times are milliseconds since the epoch. */
export interface ResolvedMark {
  /** When Alertmanager says that it ended, if it says so. */
  endedAt?: number | undefined
  /** When ingest heard of it. */
  receivedAt: number
}

/**
 * What ingest and workers tell each other beside the queue, as keys in Redis that expire by themselves.
 */
export interface Marks {
  /** For each deduplication id the run whose cooldown it is in, or null. One round trip. */
  coolingDown(dedupIds: readonly string[]): Promise<(string | null)[]>
  startCooldown(dedupId: string, runId: string, ms: number): Promise<void>
  markResolved(alertId: string, mark: ResolvedMark, keepMs: number): Promise<void>
  /** What a worker must know before it creates a Job. One round trip. */
  beforeCreate(alertId: string, episode: string): Promise<{ resolved: ResolvedMark | undefined; finishedJobs: number }>
  countFinishedJob(episode: string, keepMs: number): Promise<void>
}

export function createMarks(redis: RedisClient, prefix: string): Marks {
  const key = (kind: 'cooldown' | 'resolved' | 'finished', id: string) => `${prefix}:${kind}:${id}`
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
    async beforeCreate(alertId, episode) {
      const [resolved, finished] = await redis.mget(key('resolved', alertId), key('finished', episode))
      return { resolved: parseMark(resolved), finishedJobs: Number(finished ?? 0) }
    },
    async countFinishedJob(episode, keepMs) {
      const counter = key('finished', episode)
      const replies = await redis.multi().incr(counter).pexpire(counter, keepMs).exec()
      for (const [error] of replies ?? []) if (error) throw error
    },
  }
}

const markSchema = z.object({ endedAt: z.number().optional(), receivedAt: z.number() })

function parseMark(text: string | null | undefined): ResolvedMark | undefined {
  return text ? markSchema.parse(JSON.parse(text)) : undefined
}
