import { expect, test } from 'vitest'
import { createDepthLog, SAMPLE_MS } from './depth.ts'
import { givenRedis, HOUR, PREFIX, T0 } from './testing/given.ts'

const given = givenRedis()

const sample = (at: number) => ({ at, waiting: 1, active: 2, delayed: 3, oldestWaiting: 4 })

test('of several that ask, one takes the sample', async () => {
  const one = createDepthLog(given.redis, PREFIX, HOUR)
  const other = createDepthLog(given.redis, PREFIX, HOUR)
  expect(await Promise.all([one, other, one].map((log) => log.isMyTurn(T0)))).toEqual([true, false, false])
  expect(await other.isMyTurn(T0 + SAMPLE_MS)).toBe(true)
})

test('samples are told by time, the last one of each step', async () => {
  const log = createDepthLog(given.redis, PREFIX, HOUR)
  for (let number = 0; number < 20; number++) await log.write(sample(T0 + number * 1_000))
  expect(await log.read({ from: T0 + 5_000, to: T0 + 8_000, step: 1_000 })).toEqual(
    [5, 6, 7].map((number) => sample(T0 + number * 1_000)),
  )
  expect((await log.read({ from: T0, to: T0 + 20_000, step: 5_000 })).map(({ at }) => (at - T0) / 1_000)).toEqual([
    4, 9, 14, 19,
  ])
  expect((await log.read({ from: T0, to: T0 + 8_000, step: 5_000 })).map(({ at }) => (at - T0) / 1_000)).toEqual([4, 7])
})

test('samples go when they are too old', async () => {
  const log = createDepthLog(given.redis, PREFIX, HOUR)
  await log.write(sample(T0))
  await log.write(sample(T0 + 2 * HOUR))
  expect(await given.redis.zcard(`${PREFIX}:history:depth`)).toBe(1)
})
