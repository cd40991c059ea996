import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { every, withTimeout } from './timers.ts'

const ignore = () => {}

function startPoller(...args: Parameters<typeof every>): void {
  const poller = every(...args)
  onTestFinished(() => poller[Symbol.asyncDispose]())
}

test('every runs the task at once and again after each interval', async () => {
  let runs = 0
  startPoller(1, () => runs++, { onError: ignore })
  expect(runs).toBe(1)
  await expect.poll(() => runs).toBeGreaterThan(2)
})

test('every waits for a run to end before it starts the next', async () => {
  let running = 0
  let max = 0
  let runs = 0
  startPoller(
    0,
    async () => {
      max = Math.max(max, ++running)
      await sleep(5)
      running--
      runs++
    },
    { onError: ignore },
  )
  await expect.poll(() => runs).toBeGreaterThan(2)
  expect(max).toBe(1)
})

test('every passes the error of a run to onError and goes on', async () => {
  const errors: unknown[] = []
  startPoller(1, () => Promise.reject(new Error('no')), { onError: (error) => errors.push(error) })
  await expect.poll(() => errors.length).toBeGreaterThan(1)
  expect(errors[0]).toEqual(new Error('no'))
})

test('every aborts the current run when it is disposed, waits for it and drops its error', async () => {
  const errors: unknown[] = []
  let ended = false
  const poller = every(
    60_000,
    async (signal) => {
      await sleep(60_000, undefined, { signal }).finally(() => {
        ended = true
      })
    },
    { onError: (error) => errors.push(error) },
  )
  await poller[Symbol.asyncDispose]()
  expect(ended).toBe(true)
  expect(errors).toEqual([])
})

test('every stops when its signal aborts', async () => {
  const stopping = new AbortController()
  let runs = 0
  startPoller(1, () => runs++, { onError: ignore, signal: stopping.signal })
  stopping.abort()
  await sleep(20)
  expect(runs).toBe(1)
})

test('withTimeout passes on a value that arrives in time', async () => {
  expect(await withTimeout(60_000, Promise.resolve('done'))).toBe('done')
})

test('withTimeout rejects if the work rejects in time', async () => {
  await expect(withTimeout(60_000, Promise.reject(new Error('failed')))).rejects.toThrow('failed')
})

test('withTimeout gives up on work that takes longer', async () => {
  expect(await withTimeout(1, new Promise(() => {}))).toBeUndefined()
})

test('withTimeout ignores work that rejects too late', async () => {
  const { promise, reject } = Promise.withResolvers<string>()
  expect(await withTimeout(1, promise)).toBeUndefined()
  reject(new Error('late'))
})
