import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { resetSocket } from './reset-socket.ts'

test('resetSocket resets an open connection', async () => {
  const { near, far } = await openConnection()
  const broken = once(far, 'error')
  resetSocket(near)
  expect((await broken)[0]).toMatchObject({ code: 'ECONNRESET' })
})

test('resetSocket closes a connection that is shutting down', async () => {
  const { near } = await openConnection()
  const closed = once(near, 'close')
  near.end('bye')
  process.nextTick(resetSocket, near)
  await closed
  expect(near.destroyed).toBe(true)
})

async function openConnection(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ allowHalfOpen: true })
  onTestFinished(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[Socket], unknown[]]
  onTestFinished(() => void far.destroy())
  far.resume()
  return { near, far }
}
