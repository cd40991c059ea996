import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type RedisSentinel, startRedisSentinel } from './sentinel.ts'

let sentinel: RedisSentinel
let client: Redis

beforeEach(async () => {
  sentinel = await startRedisSentinel()
  // The old master stays reachable after a failover, so the client must learn about it from the sentinel.
  client = new Redis({ sentinels: [...sentinel.sentinels], name: sentinel.name, failoverDetector: true })
  client.on('error', () => {})
})

afterEach(async () => {
  client.disconnect()
  await sentinel.stop()
})

test('Sentinel connects a client to the master', async () => {
  await client.set('key', 'value')
  expect(await client.config('GET', 'port')).toEqual(['port', String(sentinel.master.port)])
})

test('Sentinel moves the client to the replica after a failover', async () => {
  await client.set('key', 'value')
  await client.wait(1, 1000)
  await sentinel.failover()
  await expect.poll(() => client.config('GET', 'port')).toEqual(['port', String(sentinel.replica.port)])
  expect(await client.get('key')).toBe('value')
})

test('Sentinel fails over when the master dies', async () => {
  await client.ping()
  await sentinel.master.kill()
  await expect.poll(() => client.config('GET', 'port')).toEqual(['port', String(sentinel.replica.port)])
})
