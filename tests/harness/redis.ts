import { randomUUID } from 'node:crypto'
import { type RedisOptions, type RedisServer, startRedis } from '@opifer/testkit'

/** Where a system keeps its queue. */
export interface QueueStore {
  readonly url: string
  readonly queuePrefix: string
  /** The server, where it is of this system alone. */
  readonly own: RedisServer | undefined
  stop(): Promise<void>
}

/**
 * The Redis of `OPIFER_TEST_REDIS_URL`, of which each system has keys of its own; without it, or where the test asks for
 * options, a server of its own.
 */
export async function provideStore(options: RedisOptions | undefined): Promise<QueueStore> {
  const url = process.env['OPIFER_TEST_REDIS_URL']
  if (url !== undefined && options === undefined) {
    return { url, queuePrefix: `{opifer-${randomUUID().slice(0, 8)}}`, own: undefined, stop: async () => {} }
  }
  const own = await startRedis(options)
  return { url: own.url, queuePrefix: '{opifer}', own, stop: () => own.stop() }
}
