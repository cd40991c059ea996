import { type ServerType, serve } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Address } from '../config/values.ts'

export interface HttpServer {
  /** As bound: the port is the real one where 0 was asked for. */
  address: Address
  /** Takes no new connections, lets the requests under way finish, and closes. */
  close(): Promise<void>
}

/** Serves an app. A client that is slow to send its headers or body is cut off (slowloris). Throws when the address is taken. */
export async function serveHttp(app: Hono, { host, port }: Address): Promise<HttpServer> {
  const { promise, resolve, reject } = Promise.withResolvers<Address>()
  const server = serve(
    {
      fetch: app.fetch,
      hostname: host,
      port,
      serverOptions: { headersTimeout: 5_000, requestTimeout: 15_000, keepAliveTimeout: 65_000 },
    },
    (info) => resolve({ host, port: info.port }),
  )
  server.once('error', reject)
  return { address: await promise, close: () => closeServer(server) }
}

function closeServer(server: ServerType): Promise<void> {
  return new Promise((resolve, reject) => {
    // A connection that is busy now would otherwise be kept alive after its answer, and hold up the end.
    const sweep = setInterval(() => 'closeIdleConnections' in server && server.closeIdleConnections(), 20)
    server.close((error) => {
      clearInterval(sweep)
      if (error) reject(error)
      else resolve()
    })
  })
}
