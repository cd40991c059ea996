import type { Socket } from 'node:net'

/**
 * Breaks a connection at once, and tells the other side so where that can be done. libuv refuses to reset a socket that is
 * just being shut down (EINVAL), and Node then leaves its handle open for good.
 */
export function resetSocket(socket: Socket): void {
  const isShuttingDown = socket.writableEnded && !socket.writableFinished
  if (isShuttingDown) socket.destroy()
  else socket.resetAndDestroy()
}
