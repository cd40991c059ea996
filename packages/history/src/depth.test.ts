import { expect, test } from 'vitest'
import { createDepthLog, SAMPLE_MS } from './depth.ts'
import { HOUR, PREFIX, startTestRedis, T0 } from './testing/helpers.ts'

const db = startTestRedis()

const sample = (at: number) => ({ at, waiting: 1, active: 2, delayed: 3, oldestWaiting: 4 })

test('one of several processes claims a sampling slot', async () => {
  const one = createDepthLog(db.redis, PREFIX, HOUR)
  const other = createDepthLog(db.redis, PREFIX, HOUR)
  expect(await Promise.all([one, other, one].map((log) => log.claimSlot(T0)))).toEqual([true, false, false])
  expect(await other.claimSlot(T0 + SAMPLE_MS)).toBe(true)
})

test('the depth log returns the last sample of each step', async () => {
  const log = createDepthLog(db.redis, PREFIX, HOUR)
  for (let number = 0; number < 20; number++) await log.write(sample(T0 + number * 1_000))
  expect(await log.read({ from: T0 + 5_000, to: T0 + 8_000, step: 1_000 })).toEqual(
    [5, 6, 7].map((number) => sample(T0 + number * 1_000)),
  )
  expect((await log.read({ from: T0, to: T0 + 20_000, step: 5_000 })).map(({ at }) => (at - T0) / 1_000)).toEqual([
    4, 9, 14, 19,
  ])
  expect((await log.read({ from: T0, to: T0 + 8_000, step: 5_000 })).map(({ at }) => (at - T0) / 1_000)).toEqual([4, 7])
})

test('the depth log drops samples beyond their age', async () => {
  const log = createDepthLog(db.redis, PREFIX, HOUR)
  await log.write(sample(T0))
  await log.write(sample(T0 + 2 * HOUR))
  expect(await db.redis.zcard(`${PREFIX}:history:depth`)).toBe(1)
})
