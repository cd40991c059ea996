import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startProxy, type TcpProxy } from './proxy.ts'

const echo = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {})
  socket.pipe(socket)
})
let proxy: TcpProxy
const clients: Socket[] = []

beforeEach(async () => {
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  proxy = await startProxy({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port })
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await proxy.stop()
  echo.close()
  await once(echo, 'close')
})

test('passes on all data and the end of the stream', async () => {
  const client = openClient()
  client.end('x'.repeat(1_000_000))
  expect(await text(client)).toHaveLength(1_000_000)
})

test('cut resets open and new connections until restore', async () => {
  const open = openClient()
  expect(await answerTo('before', open)).toBe('before')
  proxy.cut()
  await expect(once(open, 'data')).rejects.toThrow('ECONNRESET')
  await expect(once(openClient(), 'data')).rejects.toThrow('ECONNRESET')
  proxy.restore()
  expect(await answerTo('after', openClient())).toBe('after')
})

test('stall holds data back until restore', async () => {
  const client = openClient()
  expect(await answerTo('before', client)).toBe('before')
  proxy.stall()
  const arrived: string[] = []
  client.on('data', (chunk) => arrived.push(String(chunk)))
  client.write('during')
  await expect(vi.waitFor(() => expect(arrived).toEqual(['during']), { timeout: 100 })).rejects.toThrow(
    'expected [] to',
  )
  proxy.restore()
  await expect.poll(() => arrived).toEqual(['during'])
})

test('slow delays both directions', async () => {
  const client = openClient()
  expect(await answerTo('before', client)).toBe('before')
  proxy.slow(50)
  const start = performance.now()
  expect(await answerTo('slow', client)).toBe('slow')
  expect(performance.now() - start).toBeGreaterThanOrEqual(99)
})

test('closes the connection when the target is down', async () => {
  const proxyToNowhere = await startProxy({ host: '127.0.0.1', port: 1 })
  const client = connect(proxyToNowhere)
  expect(await text(client)).toBe('')
  await proxyToNowhere.stop()
})

function openClient(): Socket {
  const client = connect(proxy)
  clients.push(client)
  return client
}

async function answerTo(message: string, client: Socket): Promise<string> {
  client.write(message)
  const [chunk] = await once(client, 'data')
  return String(chunk)
}
