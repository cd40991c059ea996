import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from './eventually.ts'
import { startProxy, type TcpProxy } from './tcp-proxy.ts'

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

test('passes everything on, to the end of the stream', async () => {
  const client = givenClient()
  client.end('x'.repeat(1_000_000))
  expect(await text(client)).toHaveLength(1_000_000)
})

test('cut resets the open connections and each new one until it is restored', async () => {
  const open = givenClient()
  expect(await answerTo('before', open)).toBe('before')
  proxy.cut()
  await expect(once(open, 'data')).rejects.toThrow('ECONNRESET')
  await expect(once(givenClient(), 'data')).rejects.toThrow('ECONNRESET')
  proxy.restore()
  expect(await answerTo('after', givenClient())).toBe('after')
})

test('stall holds everything back until it is restored', async () => {
  const client = givenClient()
  expect(await answerTo('before', client)).toBe('before')
  proxy.stall()
  const arrived: string[] = []
  client.on('data', (chunk) => arrived.push(String(chunk)))
  client.write('during')
  await expect(eventually(() => expect(arrived).toEqual(['during']), { timeout: 100 })).rejects.toThrow(
    'expected [] to',
  )
  proxy.restore()
  await eventually(() => expect(arrived).toEqual(['during']))
})

test('slow delays each direction', async () => {
  const client = givenClient()
  expect(await answerTo('before', client)).toBe('before')
  proxy.slow(50)
  const start = performance.now()
  expect(await answerTo('slow', client)).toBe('slow')
  expect(performance.now() - start).toBeGreaterThanOrEqual(99)
})

test('breaks the connection when the target is away', async () => {
  const away = await startProxy({ host: '127.0.0.1', port: 1 })
  const client = connect(away)
  expect(await text(client)).toBe('')
  await away.stop()
})

function givenClient(): Socket {
  const client = connect(proxy)
  clients.push(client)
  return client
}

async function answerTo(message: string, client: Socket): Promise<string> {
  client.write(message)
  const [chunk] = await once(client, 'data')
  return String(chunk)
}
