import { access } from 'node:fs/promises'
import { Redis } from 'ioredis'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { type RedisOptions, provideRedis, startRedis } from './server.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

async function startForTest(options: RedisOptions = {}, clientOptions: { commandTimeout?: number } = {}) {
  const server = await startRedis(options)
  const client = new Redis(server.url, clientOptions)
  // Expected while the server is down; without a listener ioredis prints them.
  client.on('error', () => {})
  onTestFinished(async () => {
    client.disconnect()
    await server.stop()
  })
  return { server, client }
}

test('a new server accepts commands and never evicts keys', async () => {
  const { client } = await startForTest()
  expect(await client.ping()).toBe('PONG')
  expect(await client.config('GET', 'maxmemory-policy')).toContain('noeviction')
})

test('two servers share no keys', async () => {
  const [one, two] = await Promise.all([startForTest(), startForTest()])
  await one.client.set('key', 'value')
  expect(await two.client.get('key')).toBeNull()
})

test('flush removes all keys', async () => {
  const { server, client } = await startForTest()
  await client.set('key', 'value')
  await server.flush()
  expect(await client.get('key')).toBeNull()
})

test('a paused server replies only after it is resumed', async () => {
  const { server, client } = await startForTest({}, { commandTimeout: 100 })
  await client.ping()
  server.pause()
  await expect(client.ping()).rejects.toThrow('Command timed out')
  server.resume()
  await expect.poll(() => client.ping()).toBe('PONG')
})

test('data survives a kill when every write is synced', async () => {
  const { server, client } = await startForTest({ appendonly: 'always' })
  await client.set('key', 'value')
  const { pid } = server
  await server.kill()
  await server.restart()
  expect(server.pid).not.toBe(pid)
  expect(await client.get('key')).toBe('value')
})

test('a restart loses all keys without persistence', async () => {
  const { server, client } = await startForTest()
  await client.set('key', 'value')
  await server.restart()
  expect(await client.get('key')).toBeNull()
})

test('extraArgs reach the server', async () => {
  const { client } = await startForTest({ extraArgs: ['--maxmemory', '64mb'] })
  expect(await client.config('GET', 'maxmemory')).toContain(String(64 * 1024 * 1024))
})

test('stop removes the temporary folder', async () => {
  const server = await startRedis()
  const client = new Redis(server.url)
  const [, dir = ''] = await client.config('GET', 'dir')
  await client.quit()
  await access(dir)
  await server.stop()
  await expect(access(dir)).rejects.toThrow('ENOENT')
})

test('provideRedis returns the Redis at REDIS_URL and leaves it running', async () => {
  const { server, client } = await startForTest()
  vi.stubEnv('REDIS_URL', server.url)
  const provided = await provideRedis()
  expect(provided.url).toBe(server.url)
  await provided.stop()
  expect(await client.ping()).toBe('PONG')
})

test('provideRedis starts a server without REDIS_URL', async () => {
  vi.stubEnv('REDIS_URL', undefined)
  const provided = await provideRedis()
  const client = new Redis(provided.url)
  expect(await client.ping()).toBe('PONG')
  await client.quit()
  await provided.stop()
})
