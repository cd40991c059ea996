import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type HttpServer, serveHttp } from './serve.ts'

const LOOPBACK = { host: '127.0.0.1', port: 0 }
const IMPATIENT = {
  headersTimeout: 200,
  requestTimeout: 400,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 20,
  handshakeTimeout: 200,
}

const echo = new Hono().get('/', (c) => c.text('hello')).post('/', async (c) => c.text(await c.req.text()))
// Hono's default handler would print the error of an aborted body.
echo.onError((_, c) => c.text('aborted', 400))

async function startServer(app: Hono = echo, limits = IMPATIENT) {
  const server = await serveHttp(app, LOOPBACK, { limits })
  onTestFinished(() => server.close().catch(() => {}))
  return server
}

/** An app that responds only after `release`. */
function makeSlowApp() {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>()
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const app = new Hono().get('/', async (c) => {
    arrive()
    await released
    return c.text('late')
  })
  return { app, arrived, release }
}

async function openSocket({ address }: HttpServer): Promise<Socket> {
  const socket = connect(address)
  socket.on('error', () => {})
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  return socket
}

function get({ address }: HttpServer, agent?: Agent): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  request({ ...address, ...(agent && { agent }) }, (response) => void text(response).then(resolve, reject))
    .on('error', reject)
    .end()
  return promise
}

describe('listening', () => {
  test('listens on the given port and reports the bound one', async () => {
    const server = await startServer()
    expect(server.address).toEqual({ host: '127.0.0.1', port: expect.any(Number) })
    expect(await get(server)).toBe('hello')
  })

  test('listens on all addresses without a host', async () => {
    const server = await serveHttp(
      new Hono().get('/', (c) => c.text('hello')),
      { host: '', port: 0 },
    )
    expect(await get({ ...server, address: { ...server.address, host: '127.0.0.1' } })).toBe('hello')
    await server.close()
  })

  test('rejects a port in use', async () => {
    const { address } = await startServer()
    await expect(serveHttp(new Hono(), address)).rejects.toThrow('EADDRINUSE')
  })

  test('rejects an address of another machine', async () => {
    await expect(serveHttp(new Hono(), { host: '192.0.2.1', port: 0 })).rejects.toThrow('EADDRNOTAVAIL')
  })
})

test('answers HTTP/1.0 without a Host header, as simple health checks send it', async () => {
  const socket = await openSocket(await startServer())
  socket.write('GET / HTTP/1.0\r\n\r\n')
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK[^]*hello$/)
})

test.each([
  ['sends nothing', ''],
  ['is slow to send its headers', 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: '],
  ['is slow to send its body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345'],
])('disconnects a client that %s', async (_, sent) => {
  const socket = await openSocket(await startServer())
  socket.write(sent)
  expect(await text(socket)).toMatch(/^(|HTTP\/1\.1 408 Request Timeout[^]*)$/)
})

describe('close', () => {
  test('close waits for the pending request and accepts no new one', async () => {
    const { app, arrived, release } = makeSlowApp()
    const server = await startServer(app)
    const answer = get(server)
    await arrived
    let isClosed = false
    const closing = server.close().then(() => {
      isClosed = true
    })
    await expect(get(server)).rejects.toThrow('ECONNREFUSED')
    expect(isClosed).toBe(false)
    release()
    expect(await answer).toBe('late')
    await closing
  })

  test('close does not wait for an idle keep-alive connection', async () => {
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const server = await startServer()
    await get(server, agent)
    expect(Object.values(agent.freeSockets).flat()).toHaveLength(1)
    expect(await server.close()).toBeUndefined()
  })

  test('close does not wait for a connection that becomes idle while closing', async () => {
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const { app, arrived, release } = makeSlowApp()
    const server = await startServer(app, { ...IMPATIENT, requestTimeout: 60_000 })
    const answer = get(server, agent)
    await arrived
    const closing = server.close()
    release()
    expect(await answer).toBe('late')
    await closing
  })

  test.each([
    ['sends nothing', ''],
    ['never ends its headers', 'GET / HTTP/1.1\r\n'],
    ['never ends its body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345'],
  ])('close disconnects a client that %s', async (_, sent) => {
    const server = await startServer(echo, { ...IMPATIENT, connectionsCheckingInterval: 60_000 })
    const socket = await openSocket(server)
    socket.write(sent)
    // A later request was answered, so the earlier bytes have arrived.
    await get(server)
    const closed = once(socket, 'close')
    expect(await server.close()).toBeUndefined()
    await closed
  })
})
