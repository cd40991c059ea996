import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Certificates } from './certificates.ts'

/** The server's end of the wire, which can be made to fall silent, or to be away. */
export interface Listener {
  readonly url: string
  /** Who answers; to be said at once, before a client can have come. */
  answer(onRequest: RequestListener): void
  /** Resolves at once, or when a pause is over. */
  passage: () => Promise<void>
  /** From now on nothing is read or answered; connections stay open. */
  pause(): void
  resume(): void
  /** Breaks all connections and refuses new ones, as if the server were down. */
  refuse(): Promise<void>
  /** Listens again, on the same port. */
  accept(): Promise<void>
  stop(): Promise<void>
}

const LOOPBACK = '127.0.0.1'

export interface ListenOptions extends Certificates {
  /** A free port when 0. */
  port: number
  /** The name that others reach this machine by. */
  host: string | undefined
}

/**
 * Listens on the loopback interface alone unless there is a host name for others: whoever may use this API may start
 * processes on this machine.
 */
export async function listen({ port, host, cert, key }: ListenOptions): Promise<Listener> {
  // Clients keep connections for later, and should not be surprised by their end as early as Node has it.
  const server = createServer({ cert, key, keepAliveTimeout: 90_000 })
  // The one is there before TLS is agreed upon, the other is what answers are written to.
  const connections = track<Socket>(server, 'connection')
  const sockets = track<TLSSocket>(server, 'secureConnection')
  let stopped = false
  const open = async (on: number): Promise<number> => {
    server.listen(on, host === undefined ? LOOPBACK : '0.0.0.0')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const close = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const connection of connections) connection.destroy()
    await closed
  }
  const bound = await open(port)
  const pausing = createPause(sockets)
  return {
    url: `https://${host ?? LOOPBACK}:${bound}`,
    answer: (onRequest) => server.on('request', onRequest),
    ...pausing,
    refuse: close,
    async accept() {
      if (!server.listening && !stopped) await open(bound)
    },
    async stop() {
      stopped = true
      await close()
    },
  }
}

function track<T extends Socket>(server: Server, event: 'connection' | 'secureConnection'): ReadonlySet<T> {
  const open = new Set<T>()
  server.on(event, (socket: T) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return open
}

/** New requests wait at the passage; answers under way, such as watches, wait in their corked sockets. */
function createPause(sockets: ReadonlySet<TLSSocket>): Pick<Listener, 'passage' | 'pause' | 'resume'> {
  let gate: PromiseWithResolvers<void> | undefined
  const corked = new Set<TLSSocket>()
  return {
    passage: () => gate?.promise ?? Promise.resolve(),
    pause() {
      if (gate) return
      gate = Promise.withResolvers()
      for (const socket of sockets) {
        corked.add(socket)
        socket.cork()
      }
    },
    resume() {
      gate?.resolve()
      gate = undefined
      for (const socket of corked) socket.uncork()
      corked.clear()
    },
  }
}
