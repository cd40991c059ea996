import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '@opifer/testkit'
import { expect, test } from 'vitest'
import { every } from './every.ts'

const ignore = () => {}

test('every runs the task at once and again after each interval', async () => {
  let runs = 0
  await using _poller = every(1, () => runs++, { onError: ignore })
  expect(runs).toBe(1)
  await eventually(() => expect(runs).toBeGreaterThan(2))
})

test('every waits for a run to end before it starts the next', async () => {
  let running = 0
  let max = 0
  let runs = 0
  await using _poller = every(
    0,
    async () => {
      max = Math.max(max, ++running)
      await sleep(5)
      running--
      runs++
    },
    { onError: ignore },
  )
  await eventually(() => expect(runs).toBeGreaterThan(2))
  expect(max).toBe(1)
})

test('every passes the error of a run to onError and goes on', async () => {
  const errors: unknown[] = []
  await using _poller = every(1, () => Promise.reject(new Error('no')), { onError: (error) => errors.push(error) })
  await eventually(() => expect(errors.length).toBeGreaterThan(1))
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
  await using _poller = every(1, () => runs++, { onError: ignore, signal: stopping.signal })
  stopping.abort()
  await sleep(20)
  expect(runs).toBe(1)
})
