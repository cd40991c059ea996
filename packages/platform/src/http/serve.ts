import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Address } from '../config/values.ts'
import type { Tls } from './tls.ts'

export interface HttpServer {
  /** As bound: the port is the real one where 0 was asked for. */
  address: Address
  /** Takes no new connections, lets the requests under way finish, and closes. */
  close(): Promise<void>
}

const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 65_000,
  /** Node looks for what is over time only this often, by default every 30 s. */
  connectionsCheckingInterval: 1_000,
  /** Of TLS. */
  handshakeTimeout: 5_000,
}

/** Serves an app. A client that is slow to send its headers or body is cut off (slowloris). Throws when the address is taken. */
export async function serveHttp(
  app: Pick<Hono, 'fetch'>,
  { host, port }: Address,
  { tls, limits = LIMITS }: { tls?: Tls | undefined; limits?: typeof LIMITS } = {},
): Promise<HttpServer> {
  // HTTP/1.0, which simple health checks speak, knows no Host header: such a request is taken as one to localhost.
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
  // Connections that are open stay as they are.
  tls.onRenewal((options) => server.setSecureContext(options))
  server.on('tlsClientError', (error) => tls.refused(error))
  return server
}

function closeServer(server: Server, patienceMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    // A connection that is busy now would otherwise be kept alive after its answer, and hold up the end.
    const sweep = setInterval(() => server.closeIdleConnections(), 20)
    // A closing server no longer looks for clients that are over time.
    const cut = setTimeout(() => server.closeAllConnections(), patienceMs)
    server.close((error) => {
      clearInterval(sweep)
      clearTimeout(cut)
      if (error) reject(error)
      else resolve()
    })
  })
}
