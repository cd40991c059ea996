import { randomUUID } from 'node:crypto'
import { type RedisOptions, type RedisServer, startRedis } from '@opifer/testkit'

/** The Redis that holds the queue of a system. */
export interface QueueStore {
  readonly url: string
  readonly queuePrefix: string
  /** The server, if no other system uses it. */
  readonly own: RedisServer | undefined
  stop(): Promise<void>
}

/**
 * The Redis of `OPIFER_TEST_REDIS_URL`, where each system uses its own key prefix; without that variable, or if the test
 * sets options, a new server.
 */
export async function provideStore(options: RedisOptions | undefined): Promise<QueueStore> {
  const url = process.env['OPIFER_TEST_REDIS_URL']
  if (url !== undefined && options === undefined) {
    return { url, queuePrefix: `{opifer-${randomUUID().slice(0, 8)}}`, own: undefined, stop: async () => {} }
  }
  const own = await startRedis(options)
  return { url: own.url, queuePrefix: '{opifer}', own, stop: () => own.stop() }
}
