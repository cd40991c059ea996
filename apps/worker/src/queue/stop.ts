import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisClient } from '@opifer/platform/redis'
import type { Worker } from 'bullmq'

/**
 * Takes no more runs and waits for the attempts in progress. While Redis is down none can finish: another worker takes
 * their runs over once the leases have expired.
 */
export async function stop(worker: Worker, redis: RedisClient): Promise<void> {
  const done = new AbortController()
  const closed = worker.close().finally(() => done.abort())
  await Promise.race([closed, untilDown(redis, done.signal)])
}

const PATIENCE_MS = 2_000
const INTERVAL_MS = 500

async function untilDown(redis: RedisClient, signal: AbortSignal): Promise<void> {
  const pause = (ms: number) => sleep(ms, false, { signal }).catch(() => true)
  const isUp = () => redis.ping().then(Boolean, () => false)
  while (!signal.aborted && (await Promise.race([isUp(), pause(PATIENCE_MS)]))) await pause(INTERVAL_MS)
}
