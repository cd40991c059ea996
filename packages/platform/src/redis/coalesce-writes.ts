import { Cluster, type Redis } from 'ioredis'
import type { Socket } from 'node:net'

/**
 * Sends all commands of one event-loop tick in a single write. ioredis writes each command separately, and a busy process
 * spends most of its time on socket writes. Adds no delay: the write happens before the loop polls for I/O.
 */
export function coalesceWrites(client: Redis | Cluster): void {
  if (client instanceof Cluster) client.on('+node', coalesceWrites)
  else client.on('connect', () => corkPerTick(client.stream))
}

function corkPerTick(socket: Socket): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
  let isCorked = false
  socket.write = (...args: unknown[]) => {
    if (!isCorked) {
      isCorked = true
      socket.cork()
      process.nextTick(() => {
        isCorked = false
        socket.uncork()
      })
    }
    return write(...args)
  }
}
