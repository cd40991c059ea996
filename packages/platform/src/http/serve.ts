import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Address } from '../config/values.ts'
import type { Tls } from './tls.ts'

export interface HttpServer {
  /** As bound: the actual port if 0 was requested. */
  address: Address
  /** Stops accepting connections, waits for pending requests, and closes. */
  close(): Promise<void>
}

const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 65_000,
  /** How often Node enforces the timeouts above; its default is 30 s. */
  connectionsCheckingInterval: 1_000,
  /** For TLS. */
  handshakeTimeout: 5_000,
}

/** Serves an app. Disconnects clients that send headers or body too slowly (slowloris). Rejects if it can't listen. */
export async function serveHttp(
  app: Pick<Hono, 'fetch'>,
  { host, port }: Address,
  { tls, limits = LIMITS }: { tls?: Tls | undefined; limits?: typeof LIMITS } = {},
): Promise<HttpServer> {
  // Simple health checks speak HTTP/1.0, which has no Host header.
  const answer = getRequestListener(app.fetch, { hostname: 'localhost' })
  const server = createListener((request, response) => void answer(request, response), limits, tls)
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ port, ...(host && { host }) }, resolve)
  await listening
  const bound = server.address() as AddressInfo
  return {
    address: { host: bound.address, port: bound.port },
    close: () => closeServer(server, limits.requestTimeout),
  }
}

function createListener(answer: RequestListener, limits: typeof LIMITS, tls: Tls | undefined): Server {
  if (!tls) return createServer(limits, answer)
  const server = createTlsServer({ ...limits, ...tls.options }, answer)
  // Applies to new connections only.
  tls.onRenewal((options) => server.setSecureContext(options))
  server.on('tlsClientError', (error) => tls.onClientError(error))
  return server
}

function closeServer(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // A connection that is busy now would be kept alive after its response and delay the close.
    const sweep = setInterval(() => server.closeIdleConnections(), 20)
    // A closing server no longer enforces its timeouts.
    const cut = setTimeout(() => server.closeAllConnections(), timeoutMs)
    server.close((error) => {
      clearInterval(sweep)
      clearTimeout(cut)
      if (error) reject(error)
      else resolve()
    })
  })
}
