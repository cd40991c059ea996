import type { ResolvedMark } from '@opifer/core'
import { z } from 'zod'
import type { RedisClient } from '../redis/connect.ts'

export interface EnqueueMarks {
  cooling: (string | null)[]
  resolved: (ResolvedMark | undefined)[]
}

/**
 * What ingest and workers tell each other beside the queue, as keys in Redis that expire by themselves.
 */
export interface Marks {
  /**
   * What ingest must know before it enqueues: for each deduplication id the run whose cooldown it is in, and for each alert
   * when it was resolved last. One round trip.
   */
  beforeEnqueue(dedupIds: readonly string[], alertIds: readonly string[]): Promise<EnqueueMarks>
  startCooldown(dedupId: string, runId: string, ms: number): Promise<void>
  markResolved(alertId: string, mark: ResolvedMark, keepMs: number): Promise<void>
  forgetResolved(alertIds: readonly string[]): Promise<void>
  /** What a worker must know before it creates a Job. One round trip. */
  beforeCreate(alertId: string, episode: string): Promise<{ resolved: ResolvedMark | undefined; finishedJobs: number }>
  countFinishedJob(episode: string, keepMs: number): Promise<void>
}

export function createMarks(redis: RedisClient, prefix: string): Marks {
  const key = (kind: 'cooldown' | 'resolved' | 'finished', id: string) => `${prefix}:${kind}:${id}`
  return {
    async beforeEnqueue(dedupIds, alertIds) {
      const keys = [...dedupIds.map((id) => key('cooldown', id)), ...alertIds.map((id) => key('resolved', id))]
      const values = keys.length === 0 ? [] : await redis.mget(keys)
      return { cooling: values.slice(0, dedupIds.length), resolved: values.slice(dedupIds.length).map(parseMark) }
    },
    async startCooldown(dedupId, runId, ms) {
      if (ms > 0) await redis.set(key('cooldown', dedupId), runId, 'PX', ms)
    },
    async markResolved(alertId, mark, keepMs) {
      await redis.set(key('resolved', alertId), JSON.stringify(mark), 'PX', keepMs)
    },
    async forgetResolved(alertIds) {
      if (alertIds.length > 0) await redis.del(alertIds.map((id) => key('resolved', id)))
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
