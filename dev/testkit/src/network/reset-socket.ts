import type { Socket } from 'node:net'

/**
 * Resets a connection, or closes it during shutdown: libuv then refuses to reset (EINVAL), and Node would leak the handle.
 */
export function resetSocket(socket: Socket): void {
  const isShuttingDown = socket.writableEnded && !socket.writableFinished
  if (isShuttingDown) socket.destroy()
  else socket.resetAndDestroy()
}
