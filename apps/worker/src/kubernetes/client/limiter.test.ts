import { describe, expect, test } from 'vitest'
import { type AdaptiveLimit, createAdaptiveLimit } from './limiter.ts'

class Busy extends Error {}

function makeLimit(most: number) {
  const clock = { now: 0, waits: [] as number[] }
  const limit = createAdaptiveLimit({
    most,
    complaint: (error) => (error instanceof Busy ? { pauseMs: Number(error.message) } : undefined),
    now: () => clock.now,
    async wait(ms) {
      clock.waits.push(ms)
      clock.now += ms
    },
  })
  return { clock, limit }
}

/** A call that ends when it is told to. */
function openCall(limit: AdaptiveLimit) {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let started = false
  const done = limit.run(() => {
    started = true
    return promise
  })
  return { resolve, reject, done, isStarted: () => started }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))
const refuse = (limit: AdaptiveLimit, pauseMs = 0) =>
  limit.run(() => Promise.reject(new Busy(String(pauseMs)))).catch(() => {})

describe('an adaptive limit', () => {
  test('lets as many calls through as it may, the others in their order', async () => {
    const { limit } = makeLimit(2)
    const calls = [openCall(limit), openCall(limit), openCall(limit)]
    await settled()
    expect(calls.map((call) => call.isStarted())).toEqual([true, true, false])
    calls[0]?.resolve()
    await settled()
    expect(calls[2]?.isStarted()).toBe(true)
    for (const call of calls) call.resolve()
    await Promise.all(calls.map(({ done }) => done))
  })

  test('is halved by a complaint, never below one', async () => {
    const { clock, limit } = makeLimit(8)
    const seen: number[] = []
    for (let index = 0; index < 5; index++) {
      await refuse(limit)
      seen.push(limit.current())
      clock.now += 1
    }
    expect(seen).toEqual([4, 2, 1, 1, 1])
  })

  test('is halved once by all the calls that were sent before', async () => {
    const { clock, limit } = makeLimit(8)
    const calls = Array.from({ length: 8 }, () => openCall(limit))
    await settled()
    clock.now = 5
    for (const call of calls) call.reject(new Busy('0'))
    await Promise.allSettled(calls.map(({ done }) => done))
    expect(limit.current()).toBe(4)
  })

  test('is halved by an answer that is slow', async () => {
    const { clock, limit } = makeLimit(8)
    await limit.run(async () => {
      clock.now += 1_001
    })
    expect(limit.current()).toBe(4)
  })

  test('grows by one for each round without complaint, up to what it was', async () => {
    const { clock, limit } = makeLimit(4)
    await refuse(limit)
    clock.now += 1
    expect(limit.current()).toBe(2)
    for (let index = 0; index < 3; index++) await limit.run(async () => {})
    expect(limit.current()).toBe(3)
    for (let index = 0; index < 50; index++) await limit.run(async () => {})
    expect(limit.current()).toBe(4)
  })

  test('leaves the other side alone for as long as it asked', async () => {
    const { clock, limit } = makeLimit(4)
    await refuse(limit, 3_000)
    await limit.run(async () => {})
    expect(clock.waits).toEqual([3_000])
    expect(clock.now).toBe(3_000)
  })

  test('passes every error on, and learns nothing from those that are no complaint', async () => {
    const { limit } = makeLimit(4)
    await expect(limit.run(() => Promise.reject(new Error('not found')))).rejects.toThrow('not found')
    expect(limit.current()).toBe(4)
  })
})
