import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { pipeline, Transform } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { resetSocket } from './reset-socket.ts'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** A network between two processes that fails on demand. A fault lasts until the next one or `restore()`. */
export interface TcpProxy extends Endpoint {
  /** Resets all connections, and each new one at once. */
  cut(): void
  /** Keeps connections open and lets nothing through, as when packets are lost. */
  stall(): void
  /** Lets everything through that much later, in each direction. */
  slow(milliseconds: number): void
  restore(): void
  stop(): Promise<void>
}

/** Starts a loopback TCP proxy that passes everything on to the target. */
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
    // A broken connection on one side breaks the other; there is nobody to report it to.
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

interface Fault {
  readonly isCut?: boolean
  readonly isStalled?: boolean
  readonly latency?: number
}

class Network {
  #fault: Fault = {}
  #changed = Promise.withResolvers<void>()

  get isCut(): boolean {
    return this.#fault.isCut === true
  }

  become(fault: Fault): void {
    this.#fault = fault
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  /** Calls back when the network lets through what has arrived now. */
  async carry(pass: () => void): Promise<void> {
    while (this.#fault.isStalled === true) await this.#changed.promise
    // The connection, and not what is under way on it, keeps the process alive.
    if (this.#fault.latency !== undefined) await delay(this.#fault.latency, undefined, { ref: false })
    pass()
  }
}

/** A stream and not an async generator: iterating over a socket to its end would also close its other direction. */
function passage(network: Network): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      void network.carry(() => done(null, chunk))
    },
  })
}
