import { every } from '@opifer/platform/process'
import type { RedisClient } from '@opifer/platform/redis'
import type { Queue } from 'bullmq'

/** A periodic check of Redis and the queue. */
export interface Pressure {
  /** Why no more alerts should be accepted at the moment; undefined while there is room. */
  reason: () => string | undefined
  stop: () => Promise<void>
}

export interface PressureLimits {
  /** Maximum number of runs waiting for a worker. */
  maxQueued: number
  /** Percentage of Redis' `maxmemory`, if it has one. */
  maxMemoryPercent: number
}

/**
 * Stops the intake before Redis is full. Workers need free memory to process the queue: if Redis rejected their writes,
 * it would stay full forever.
 */
export function watchPressure(
  { redis, queue }: { redis: RedisClient; queue: Queue },
  limits: PressureLimits,
  intervalMs = 1_000,
): Pressure {
  let reason: string | undefined

  async function check(): Promise<string | undefined> {
    // The intake itself rejects webhooks while Redis is down.
    if (redis.status !== 'ready') return undefined
    const [{ waiting = 0, prioritized = 0 }, memory] = await Promise.all([
      queue.getJobCounts('waiting', 'prioritized'),
      // In a Cluster the answer would come from an arbitrary node.
      redis.isCluster ? '' : redis.info('memory'),
    ])
    return queueReason(waiting + prioritized, limits) ?? memoryReason(memory, limits)
  }

  const poller = every(
    intervalMs,
    async () => {
      reason = await check()
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
  return queued > maxQueued ? `too many waiting runs: ${queued}, --maxQueued=${maxQueued}` : undefined
}

function memoryReason(info: string, { maxMemoryPercent }: PressureLimits): string | undefined {
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
  const percent = (100 * field('used_memory')) / field('maxmemory')
  // NaN or infinite without a `maxmemory`.
  if (!Number.isFinite(percent) || percent <= maxMemoryPercent) return undefined
  return `Redis is almost full: ${Math.floor(percent)} % of its maxmemory, --maxMemoryPercent=${maxMemoryPercent}`
}
