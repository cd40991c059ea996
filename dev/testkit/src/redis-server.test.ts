import { access } from 'node:fs/promises'
import { Redis } from 'ioredis'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { eventually } from './eventually.ts'
import { type RedisOptions, provideRedis, startRedis } from './redis-server.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

async function givenRedis(options: RedisOptions = {}, clientOptions: { commandTimeout?: number } = {}) {
  const server = await startRedis(options)
  const client = new Redis(server.url, clientOptions)
  // Expected while the server is away; without a listener ioredis prints them.
  client.on('error', () => {})
  onTestFinished(async () => {
    client.disconnect()
    await server.stop()
  })
  return { server, client }
}

test('serves commands on its url and never evicts', async () => {
  const { client } = await givenRedis()
  expect(await client.ping()).toBe('PONG')
  expect(await client.config('GET', 'maxmemory-policy')).toContain('noeviction')
})

test('two servers do not share anything', async () => {
  const [one, two] = await Promise.all([givenRedis(), givenRedis()])
  await one.client.set('key', 'value')
  expect(await two.client.get('key')).toBeNull()
})

test('flush empties it', async () => {
  const { server, client } = await givenRedis()
  await client.set('key', 'value')
  await server.flush()
  expect(await client.get('key')).toBeNull()
})

test('a paused server answers only after it is resumed', async () => {
  const { server, client } = await givenRedis({}, { commandTimeout: 100 })
  await client.ping()
  server.pause()
  await expect(client.ping()).rejects.toThrow('Command timed out')
  server.resume()
  await eventually(async () => expect(await client.ping()).toBe('PONG'))
})

test('keeps what was written through a kill when every write is synced', async () => {
  const { server, client } = await givenRedis({ appendonly: 'always' })
  await client.set('key', 'value')
  const { pid } = server
  await server.kill()
  await server.restart()
  expect(server.pid).not.toBe(pid)
  expect(await client.get('key')).toBe('value')
})

test('forgets everything at a restart without persistence', async () => {
  const { server, client } = await givenRedis()
  await client.set('key', 'value')
  await server.restart()
  expect(await client.get('key')).toBeNull()
})

test('passes further settings on', async () => {
  const { client } = await givenRedis({ extraArgs: ['--maxmemory', '64mb'] })
  expect(await client.config('GET', 'maxmemory')).toContain(String(64 * 1024 * 1024))
})

test('stop removes its temporary folder', async () => {
  const server = await startRedis()
  const client = new Redis(server.url)
  const [, dir = ''] = await client.config('GET', 'dir')
  await client.quit()
  await access(dir)
  await server.stop()
  await expect(access(dir)).rejects.toThrow('ENOENT')
})

test('provides the Redis that the environment names and leaves it running', async () => {
  const { server, client } = await givenRedis()
  vi.stubEnv('REDIS_URL', server.url)
  const provided = await provideRedis()
  expect(provided.url).toBe(server.url)
  await provided.stop()
  expect(await client.ping()).toBe('PONG')
})

test('provides a server of its own when the environment names none', async () => {
  vi.stubEnv('REDIS_URL', undefined)
  const provided = await provideRedis()
  const client = new Redis(provided.url)
  expect(await client.ping()).toBe('PONG')
  await client.quit()
  await provided.stop()
})
