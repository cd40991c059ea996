import type { RedisClient } from '@opifer/platform/redis'
import { z } from 'zod'
import { json } from './json.ts'
import { historyBase } from './keys.ts'

/** That there is something new of a run. Only a hint: what is not heard is read the next time. */
export type HistoryEvent = z.output<typeof eventSchema>

const eventSchema = z.object({
  /** The run's. */
  id: z.string(),
  kind: z.enum(['began', 'created', 'attempt-failed', 'repeated', 'ended']),
})

/**
 * Listens to what is written. The connection can be used for nothing else from then on; ioredis subscribes again by itself
 * after one is lost.
 */
export async function subscribeToHistory(
  connection: RedisClient,
  prefix: string,
  onEvent: (event: HistoryEvent) => void,
): Promise<void> {
  connection.on('message', (_channel: string, message: string) => {
    // Another version of Opifer may tell of what this one does not know.
    const event = json.pipe(eventSchema).safeParse(message).data
    if (event) onEvent(event)
  })
  await connection.subscribe(`${historyBase(prefix)}events`)
}
