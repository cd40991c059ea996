import { Cluster, type Redis } from 'ioredis'
import type { Socket } from 'node:net'

/**
 * Lets a client send all commands of one turn of the event loop in one write. ioredis writes each by itself, and a write
 * to a socket is what a busy process spends most of its time on. Nothing waits: the write goes out before the loop looks
 * for what has arrived.
 */
export function coalesceWrites(client: Redis | Cluster): void {
  if (client instanceof Cluster) client.on('+node', coalesceWrites)
  else client.on('connect', () => corkPerTurn(client.stream))
}

function corkPerTurn(socket: Socket): void {
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
