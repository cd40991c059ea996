import type { RedisClient } from '@opifer/platform/redis'
import { historyBase } from './keys.ts'

/** Signals that a run changed. A hint only: a missed change is caught by the next read. */
export interface Change {
  /** The run's id. */
  id: string
  kind: ChangeKind
}

const KINDS = ['began', 'created', 'attempt-failed', 'repeated', 'ended'] as const

export type ChangeKind = (typeof KINDS)[number]

/** Publishes changes that no history script publishes. Never throws: errors go to `onError`. */
export function createChangePublisher(
  redis: RedisClient,
  prefix: string,
  onError: (err: unknown) => void,
): (runId: string, kind: ChangeKind) => void {
  const channel = `${historyBase(prefix)}${CHANNEL}`
  return (runId, kind) => {
    redis.publish(channel, `${kind} ${runId}`).catch(onError)
  }
}

/** Listens for changes. A subscribed connection can do nothing else; ioredis resubscribes after a reconnect. */
export async function subscribeToChanges(
  connection: RedisClient,
  prefix: string,
  onChange: (change: Change) => void,
): Promise<void> {
  connection.on('message', (_channel: string, message: string) => {
    const change = parseChange(message)
    if (change) onChange(change)
  })
  await connection.subscribe(`${historyBase(prefix)}${CHANNEL}`)
}

/** The scripts publish to it too: see `write/lua.ts`. */
const CHANNEL = 'changes'

/** Undefined for kinds that only another version of Opifer knows. */
function parseChange(message: string): Change | undefined {
  const [, name, id] = /^(\S+) (.+)$/.exec(message) ?? []
  const kind = KINDS.find((known) => known === name)
  return kind && id !== undefined ? { id, kind } : undefined
}
