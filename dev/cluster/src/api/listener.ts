import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Certificates } from './access.ts'

/** The HTTPS listener, which can be paused or taken down. */
export interface Listener {
  readonly url: string
  /** Sets the request handler; must be called before the first client connects. */
  answer(onRequest: RequestListener): void
  /** Resolves at once, or at the end of a pause. */
  passage: () => Promise<void>
  /** Stops reading and answering; connections stay open. */
  pause(): void
  resume(): void
  /** Breaks all connections and refuses new ones, like a server that is down. */
  refuse(): Promise<void>
  /** Listens again, on the same port. */
  accept(): Promise<void>
  stop(): Promise<void>
}

const LOOPBACK = '127.0.0.1'

export interface ListenOptions extends Certificates {
  /** Any free port if 0. */
  port: number
  /** The host name under which other machines reach this one. */
  host: string | undefined
}

/**
 * Listens on the loopback interface only, unless other machines have a host name for it: a client of this API can start
 * processes on this machine.
 */
export async function listen({ port, host, cert, key }: ListenOptions): Promise<Listener> {
  // Clients reuse idle connections for longer than Node's default keeps them.
  const server = createServer({ cert, key, keepAliveTimeout: 90_000 })
  // Connections exist before the TLS handshake; answers are written to the secure sockets.
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

/** New requests wait for `passage`; open responses, such as watches, wait in their corked sockets. */
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
