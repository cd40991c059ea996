import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { pipeline, Transform } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { resetSocket } from './reset-socket.ts'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** A network between two processes that fails on demand. A failure lasts until the next one or `restore()`. */
export interface TcpProxy extends Endpoint {
  /** Resets all connections, including new ones. */
  cut(): void
  /** Keeps connections open but passes nothing on, like packet loss. */
  stall(): void
  /** Delays all data, in each direction. */
  slow(milliseconds: number): void
  restore(): void
  stop(): Promise<void>
}

/** Starts a TCP proxy on 127.0.0.1. */
export async function startProxy(target: Endpoint): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const network = new Network()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (network.isCut) {
      resetSocket(client)
      return
    }
    const upstream = connect({ ...target, allowHalfOpen: true })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
    // An error on one side closes the other; nothing else needs to happen.
    pipeline(client, passage(network), upstream, () => {})
    pipeline(upstream, passage(network), client, () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const reset = () => sockets.forEach(resetSocket)

  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    cut() {
      network.become({ isCut: true })
      reset()
    },
    stall: () => network.become({ isStalled: true }),
    slow: (milliseconds) => network.become({ latency: milliseconds }),
    restore: () => network.become({}),
    async stop() {
      reset()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Condition {
  readonly isCut?: boolean
  readonly isStalled?: boolean
  readonly latency?: number
}

class Network {
  #condition: Condition = {}
  #changed = Promise.withResolvers<void>()

  get isCut(): boolean {
    return this.#condition.isCut === true
  }

  become(condition: Condition): void {
    this.#condition = condition
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  /** Calls `pass` once the network lets the data through that has just arrived. */
  async carry(pass: () => void): Promise<void> {
    while (this.#condition.isStalled === true) await this.#changed.promise
    // Open connections keep the process alive; delayed data must not.
    if (this.#condition.latency !== undefined) await delay(this.#condition.latency, undefined, { ref: false })
    pass()
  }
}

/** Not an async generator: iterating over a socket to its end also closes its other direction. */
function passage(network: Network): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      void network.carry(() => done(null, chunk))
    },
  })
}
