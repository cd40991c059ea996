import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface TestServer {
  url: string
  /** Received requests, as method and path. */
  requests: string[]
  /** Number of connections ever opened. */
  connections: () => number
}

/** Starts a server with this request handler. Stops it when the test ends. */
export async function startServer(handle: RequestListener): Promise<TestServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    handle(request, response)
  })
  const { port, connections } = await listen(server)
  return { url: `http://127.0.0.1:${port}`, requests, connections }
}

/** Listens on a free port until the test ends. */
export async function listen(server: Server) {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  })
  return { port: (server.address() as AddressInfo).port, connections: () => sockets.size }
}
