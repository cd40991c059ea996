import { once } from 'node:events'
import { openRunQueue } from '@opifer/queue'
import { startRedis } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { watchPressure, type PressureLimits } from './pressure.ts'

const ROOM: PressureLimits = { maxQueued: 1_000, maxMemoryPercent: 90 }

async function startPressure(limits: Partial<PressureLimits>, ...extraArgs: string[]) {
  const server = await startRedis({ extraArgs })
  const redis = new Redis(server.url, { maxRetriesPerRequest: 0, enableOfflineQueue: false })
  redis.on('error', () => {})
  await once(redis, 'ready')
  const queue = openRunQueue(redis, '{test}')
  queue.on('error', () => {})
  const pressure = watchPressure({ redis, queue }, { ...ROOM, ...limits }, 10)
  onTestFinished(async () => {
    await pressure.stop()
    await queue.close()
    redis.disconnect()
    await server.stop()
  })
  return { server, redis, queue, pressure }
}

test('pressure rises while too many runs wait and falls when they are fewer', async () => {
  const { queue, pressure } = await startPressure({ maxQueued: 2 })
  await queue.addBulk(['a', 'b', 'c'].map((name) => ({ name, data: {} })))
  await expect.poll(() => pressure.reason()).toBe('too many waiting runs: 3, --maxQueued=2')
  await queue.drain()
  await expect.poll(() => pressure.reason()).toBeUndefined()
})

test('pressure does not count runs that wait for their Jobs', async () => {
  const { queue, pressure } = await startPressure({ maxQueued: 1 })
  await queue.addBulk(['a', 'b', 'c'].map((name) => ({ name, data: {}, opts: { delay: 60_000 } })))
  await queue.add('d', {})
  await queue.add('e', {})
  await expect.poll(() => pressure.reason()).toContain('too many waiting runs: 2,')
})

test('pressure rises before Redis is full', async () => {
  const { redis, pressure } = await startPressure({ maxMemoryPercent: 25 }, '--maxmemory', '40mb')
  await redis.set('ballast', 'x'.repeat(12_000_000))
  await expect.poll(() => pressure.reason()).toMatch(/^Redis is almost full: \d\d % of its maxmemory/)
  await redis.del('ballast')
  await expect.poll(() => pressure.reason()).toBeUndefined()
})

test('pressure ignores memory without a maxmemory', async () => {
  const { redis, queue, pressure } = await startPressure({ maxMemoryPercent: 1, maxQueued: 0 })
  await redis.set('ballast', 'x'.repeat(12_000_000))
  await queue.add('a', {})
  await expect.poll(() => pressure.reason()).toContain('too many waiting runs: 1,')
  await queue.drain()
  await expect.poll(() => pressure.reason()).toBeUndefined()
})

test('pressure falls while Redis is down and is checked again afterwards', async () => {
  const { server, queue, pressure } = await startPressure({ maxQueued: 0 }, '--appendonly', 'yes')
  await queue.add('a', {})
  await expect.poll(() => pressure.reason()).toBeDefined()
  await server.kill()
  await expect.poll(() => pressure.reason()).toBeUndefined()
  await server.restart()
  await expect.poll(() => pressure.reason()).toBeDefined()
})
