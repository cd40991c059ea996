import { within } from '../process/within.ts'
import type { RedisClient } from './connect.ts'

const PING_TIMEOUT_MS = 1_000

/** Why Redis can't be worked with now; undefined when it can. */
export async function redisUnready(redis: RedisClient): Promise<string | undefined> {
  if (redis.status !== 'ready') return 'Redis is not connected'
  const answer = await within(PING_TIMEOUT_MS, redis.ping()).catch(() => undefined)
  return answer === undefined ? 'Redis does not answer' : undefined
}
