import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface TestServer {
  url: string
  /** What was asked, as method and path. */
  requests: string[]
  /** How many connections were ever made. */
  connections: () => number
}

/** A server that answers as it is told; it is gone when the test ends. */
export async function givenServer(answer: RequestListener): Promise<TestServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  const { port, connections } = await listen(server)
  return { url: `http://127.0.0.1:${port}`, requests, connections }
}

/** Listens on a free port until the test ends, and counts connections. */
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
