import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from './eventually.ts'
import { type RedisSentinel, startRedisSentinel } from './redis-sentinel.ts'

let sentinel: RedisSentinel
let client: Redis

beforeEach(async () => {
  sentinel = await startRedisSentinel()
  // The old master stays reachable after a failover, so a client must hear of it from the sentinel.
  client = new Redis({ sentinels: [...sentinel.sentinels], name: sentinel.name, failoverDetector: true })
  client.on('error', () => {})
})

afterEach(async () => {
  client.disconnect()
  await sentinel.stop()
})

test('leads a client to the master', async () => {
  await client.set('key', 'value')
  expect(await client.config('GET', 'port')).toEqual(['port', String(sentinel.master.port)])
})

test('leads the same client to the replica after a failover', async () => {
  await client.set('key', 'value')
  await client.wait(1, 1000)
  await sentinel.failover()
  await eventually(async () => {
    expect(await client.config('GET', 'port')).toEqual(['port', String(sentinel.replica.port)])
    expect(await client.get('key')).toBe('value')
  })
})

test('fails over by itself when the master dies', async () => {
  await client.ping()
  await sentinel.master.kill()
  await eventually(async () => {
    expect(await client.config('GET', 'port')).toEqual(['port', String(sentinel.replica.port)])
  })
})
