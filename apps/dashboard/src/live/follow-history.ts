import { subscribeToChanges } from '@opifer/history'
import type { RedisClient } from '@opifer/platform/redis'
import type { LiveHub } from './hub.ts'

/**
 * Tells viewers of what is written, for as long as the connection is not disconnected. What was written while it was away
 * nobody was told: whenever it is back they learn that there may be something new.
 */
export async function followHistory(
  connection: RedisClient,
  prefix: string,
  live: Pick<LiveHub, 'publish' | 'publishGap'>,
): Promise<void> {
  connection.on('ready', () => {
    // Answered after the subscription, which ioredis asks for first: who reads now hears of everything that comes later.
    connection.ping().then(
      () => live.publishGap(),
      () => {},
    )
  })
  await subscribeToChanges(connection, prefix, (change) => live.publish(change))
}
