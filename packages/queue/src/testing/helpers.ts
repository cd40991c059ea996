import { type RedisServer, startRedis } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, onTestFinished } from 'vitest'

export const PREFIX = '{test}'
export const HOUR = 3_600_000

/** Starts a Redis for the test file; each test begins with an empty one. */
export function startTestRedis() {
  const test = {} as { redis: Redis; server: RedisServer }
  beforeAll(async () => {
    test.server = await startRedis()
    test.redis = new Redis(test.server.url, { maxRetriesPerRequest: null })
  })
  afterEach(() => test.server.flush())
  afterAll(async () => {
    test.redis.disconnect()
    await test.server.stop()
  })
  return test
}

/** A client that sends its unanswered commands again on a new connection, as a worker's does. */
export async function connect({ host, port }: { host: string; port: number }): Promise<Redis> {
  const redis = new Redis({ host, port, maxRetriesPerRequest: null })
  onTestFinished(() => redis.disconnect())
  redis.on('error', () => {})
  await redis.ping()
  return redis
}

/** Everything that Redis holds, by key. */
export async function dump(redis: Redis): Promise<Record<string, unknown>> {
  const keys = (await redis.keys('*')).sort()
  return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await read(redis, key)] as const)))
}

async function read(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key)
    case 'hash':
      return redis.hgetall(key)
    case 'zset':
      return redis.zrange(key, '0', '-1', 'WITHSCORES')
    case 'list':
      return redis.lrange(key, 0, -1)
    case 'stream':
      return redis.xrange(key, '-', '+')
    default:
      throw new Error(`unexpected type of ${key}`)
  }
}
