import { once } from 'node:events'
import { openRunQueue } from '@opifer/queue'
import { eventually, startRedis } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { watchPressure, type PressureLimits } from './pressure.ts'

const ROOM: PressureLimits = { maxQueued: 1_000, maxMemoryPercent: 90 }

async function givenPressure(limits: Partial<PressureLimits>, ...extraArgs: string[]) {
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

describe('the intake', () => {
  test('stops while too many runs wait, and goes on when they are fewer', async () => {
    const { queue, pressure } = await givenPressure({ maxQueued: 2 })
    await queue.addBulk(['a', 'b', 'c'].map((name) => ({ name, data: {} })))
    await eventually(() => expect(pressure.reason()).toBe('3 runs wait for a worker, more than --maxQueued=2'))
    await queue.drain()
    await eventually(() => expect(pressure.reason()).toBeUndefined())
  })

  test('does not count runs that wait for their Jobs', async () => {
    const { queue, pressure } = await givenPressure({ maxQueued: 1 })
    await queue.addBulk(['a', 'b', 'c'].map((name) => ({ name, data: {}, opts: { delay: 60_000 } })))
    await queue.add('d', {})
    await queue.add('e', {})
    await eventually(() => expect(pressure.reason()).toContain('2 runs wait'))
  })

  test('stops before Redis is full', async () => {
    const { redis, pressure } = await givenPressure({ maxMemoryPercent: 25 }, '--maxmemory', '40mb')
    await redis.set('ballast', 'x'.repeat(12_000_000))
    await eventually(() => expect(pressure.reason()).toMatch(/^Redis has \d\d % of its memory in use/))
    await redis.del('ballast')
    await eventually(() => expect(pressure.reason()).toBeUndefined())
  })

  test('does not stop for memory that is not limited', async () => {
    const { redis, queue, pressure } = await givenPressure({ maxMemoryPercent: 1, maxQueued: 0 })
    await redis.set('ballast', 'x'.repeat(12_000_000))
    await queue.add('a', {})
    await eventually(() => expect(pressure.reason()).toContain('1 runs wait'))
    await queue.drain()
    await eventually(() => expect(pressure.reason()).toBeUndefined())
  })

  test('is not stopped by this while Redis is away, and is looked after again when it is back', async () => {
    const { server, queue, pressure } = await givenPressure({ maxQueued: 0 }, '--appendonly', 'yes')
    await queue.add('a', {})
    await eventually(() => expect(pressure.reason()).toBeDefined())
    await server.kill()
    await eventually(() => expect(pressure.reason()).toBeUndefined())
    await server.restart()
    await eventually(() => expect(pressure.reason()).toBeDefined())
  })
})
