import { every } from '@opifer/platform/process'
import type { RedisClient } from '@opifer/platform/redis'
import type { Queue } from 'bullmq'

/** How full Redis and the queue are, looked at again and again. */
export interface Pressure {
  /** Why no more alerts should be taken in now; undefined while there is room. */
  reason: () => string | undefined
  stop: () => Promise<void>
}

export interface PressureLimits {
  /** Runs that may wait for a worker. */
  maxQueued: number
  /** Of Redis' `maxmemory`, where it has one. */
  maxMemoryPercent: number
}

/**
 * Stops the intake before Redis is full: workers need room in it to work off what it holds, and a Redis that refuses
 * their writes would never be emptied.
 */
export function watchPressure(
  { redis, queue }: { redis: RedisClient; queue: Queue },
  limits: PressureLimits,
  intervalMs = 1_000,
): Pressure {
  let reason: string | undefined

  async function look(): Promise<string | undefined> {
    // While Redis is away the intake says so itself.
    if (redis.status !== 'ready') return undefined
    const [{ waiting = 0, prioritized = 0 }, memory] = await Promise.all([
      queue.getJobCounts('waiting', 'prioritized'),
      // A Cluster's answer would be that of any one of its nodes.
      redis.isCluster ? '' : redis.info('memory'),
    ])
    return queueReason(waiting + prioritized, limits) ?? memoryReason(memory, limits)
  }

  const poller = every(
    intervalMs,
    async () => {
      reason = await look()
    },
    {
      onError() {
        reason = undefined
      },
    },
  )
  return {
    reason: () => reason,
    stop: async () => poller[Symbol.asyncDispose](),
  }
}

function queueReason(queued: number, { maxQueued }: PressureLimits): string | undefined {
  return queued > maxQueued ? `${queued} runs wait for a worker, more than --maxQueued=${maxQueued}` : undefined
}

function memoryReason(info: string, { maxMemoryPercent }: PressureLimits): string | undefined {
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
  const percent = (100 * field('used_memory')) / field('maxmemory')
  // Without a `maxmemory` there is nothing to be a part of.
  if (!Number.isFinite(percent) || percent <= maxMemoryPercent) return undefined
  return `Redis has ${Math.floor(percent)} % of its memory in use, more than --maxMemoryPercent=${maxMemoryPercent}`
}
