import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisClient } from '@opifer/platform/redis'
import type { Worker } from 'bullmq'

/**
 * Takes no more runs and lets the turns under way finish. While Redis is away none can: then they are left to whichever
 * worker finds them once their locks have expired.
 */
export async function stopWorker(worker: Worker, redis: RedisClient): Promise<void> {
  const done = new AbortController()
  const closed = worker.close().finally(() => done.abort())
  await Promise.race([closed, untilAway(redis, done.signal)])
}

const PATIENCE_MS = 2_000
const INTERVAL_MS = 500

async function untilAway(redis: RedisClient, signal: AbortSignal): Promise<void> {
  const pause = (ms: number) => sleep(ms, false, { signal }).catch(() => true)
  const isThere = () => redis.ping().then(Boolean, () => false)
  while (!signal.aborted && (await Promise.race([isThere(), pause(PATIENCE_MS)]))) await pause(INTERVAL_MS)
}
