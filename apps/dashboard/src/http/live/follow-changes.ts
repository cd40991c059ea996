import { subscribeToChanges } from '@opifer/history'
import type { RedisClient } from '@opifer/platform/redis'
import type { LiveHub } from './hub.ts'

/**
 * Publishes every change of the history to the hub until the connection is closed. Changes made while the connection is
 * down are lost, so a gap is published each time it is ready.
 */
export async function followChanges(
  connection: RedisClient,
  prefix: string,
  live: Pick<LiveHub, 'publish' | 'publishGap'>,
): Promise<void> {
  connection.on('ready', () => {
    // ioredis restores the subscription first, so this reply means that no later change is missed.
    connection.ping().then(
      () => live.publishGap(),
      () => {},
    )
  })
  await subscribeToChanges(connection, prefix, (change) => live.publish(change))
}
