import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePort, retryWhenPortTaken } from './free-port.ts'

test('a free port can be listened on', async () => {
  const port = await freePort()
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  expect(server.address()).toMatchObject({ port })
  server.close()
})

test('starts again when the port was taken in between', async () => {
  const errors = [new Error('bind: Address already in use'), new Error('listen EADDRINUSE: address already in use')]
  const started = await retryWhenPortTaken(async () => {
    const error = errors.shift()
    if (error !== undefined) throw error
    return 'started'
  })
  expect(started).toBe('started')
})

test('does not start again after any other failure', async () => {
  let starts = 0
  const starting = retryWhenPortTaken(async () => {
    starts += 1
    throw new Error('bad configuration')
  })
  await expect(starting).rejects.toThrow('bad configuration')
  expect(starts).toBe(1)
})
