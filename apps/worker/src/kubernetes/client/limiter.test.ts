import { expect, test } from 'vitest'
import { type ConcurrencyLimiter, createConcurrencyLimiter } from './limiter.ts'

class Busy extends Error {}

function makeLimiter(max: number) {
  const clock = { now: 0, waits: [] as number[] }
  const limiter = createConcurrencyLimiter({
    max,
    overload: (error) => (error instanceof Busy ? { pauseMs: Number(error.message) } : undefined),
    now: () => clock.now,
    async wait(ms) {
      clock.waits.push(ms)
      clock.now += ms
    },
  })
  return { clock, limiter }
}

/** A call that the test ends. */
function openCall(limiter: ConcurrencyLimiter) {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let started = false
  const done = limiter.run(() => {
    started = true
    return promise
  })
  return { resolve, reject, done, isStarted: () => started }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))
const overload = (limiter: ConcurrencyLimiter, pauseMs = 0) =>
  limiter.run(() => Promise.reject(new Busy(String(pauseMs)))).catch(() => {})

test('the limiter queues calls above the limit in order of arrival', async () => {
  const { limiter } = makeLimiter(2)
  const calls = [openCall(limiter), openCall(limiter), openCall(limiter)]
  await settled()
  expect(calls.map((call) => call.isStarted())).toEqual([true, true, false])
  calls[0]?.resolve()
  await settled()
  expect(calls[2]?.isStarted()).toBe(true)
  for (const call of calls) call.resolve()
  await Promise.all(calls.map(({ done }) => done))
})

test('an overload halves the limit, never below one', async () => {
  const { clock, limiter } = makeLimiter(8)
  const seen: number[] = []
  for (let index = 0; index < 5; index++) {
    await overload(limiter)
    seen.push(limiter.current())
    clock.now += 1
  }
  expect(seen).toEqual([4, 2, 1, 1, 1])
})

test('overloads of calls in flight together halve the limit once', async () => {
  const { clock, limiter } = makeLimiter(8)
  const calls = Array.from({ length: 8 }, () => openCall(limiter))
  await settled()
  clock.now = 5
  for (const call of calls) call.reject(new Busy('0'))
  await Promise.allSettled(calls.map(({ done }) => done))
  expect(limiter.current()).toBe(4)
})

test('a slow call halves the limit', async () => {
  const { clock, limiter } = makeLimiter(8)
  await limiter.run(async () => {
    clock.now += 1_001
  })
  expect(limiter.current()).toBe(4)
})

test('the limit grows by one for each round without overload, up to its maximum', async () => {
  const { clock, limiter } = makeLimiter(4)
  await overload(limiter)
  clock.now += 1
  expect(limiter.current()).toBe(2)
  for (let index = 0; index < 3; index++) await limiter.run(async () => {})
  expect(limiter.current()).toBe(3)
  for (let index = 0; index < 50; index++) await limiter.run(async () => {})
  expect(limiter.current()).toBe(4)
})

test('calls wait for the pause that an overload asks for', async () => {
  const { clock, limiter } = makeLimiter(4)
  await overload(limiter, 3_000)
  await limiter.run(async () => {})
  expect(clock.waits).toEqual([3_000])
  expect(clock.now).toBe(3_000)
})

test('an error that is no overload is rethrown and leaves the limit unchanged', async () => {
  const { limiter } = makeLimiter(4)
  await expect(limiter.run(() => Promise.reject(new Error('not found')))).rejects.toThrow('not found')
  expect(limiter.current()).toBe(4)
})
