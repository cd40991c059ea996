import { expect, test } from 'vitest'
import { BOUNDS, createStatsReader } from './stats.ts'
import {
  HOUR,
  makeHistory,
  makeNumberedRun,
  OPERARIO,
  PREFIX,
  startTestRedis,
  T0,
  withJob,
  withResult,
} from './testing/helpers.ts'

const db = startTestRedis()
const MINUTE = 60_000

test('outcomes, waiting time and time to Job are counted when they happened', async () => {
  const { recorder, reader } = makeHistory(db.redis)
  const first = withJob(makeNumberedRun(0))
  await recorder.began(first, T0 + 40)
  await recorder.ended(withResult(first, 'failed', { finishedAt: T0 + 7 * MINUTE }))
  await recorder.began(makeNumberedRun(1), T0 + 6 * MINUTE)
  await recorder.ended(withResult(makeNumberedRun(1), 'unmatched', { finishedAt: T0 + 8 * MINUTE }))

  const [early, late, none] = await reader.readStats({ from: T0, to: T0 + 15 * MINUTE, step: 5 * MINUTE })
  expect(early).toMatchObject({ at: T0, outcomes: {}, waiting: { count: 1 }, toJob: { count: 1 } })
  expect(early?.waiting.buckets[BOUNDS.indexOf(50)]).toBe(1)
  expect(early?.toJob.buckets[BOUNDS.indexOf(100)]).toBe(1)
  expect(late).toMatchObject({ at: T0 + 5 * MINUTE, outcomes: { failed: 1, unmatched: 1 }, waiting: { count: 1 } })
  expect(late?.operarios).toEqual(new Map([[OPERARIO, { failed: 1 }]]))
  expect(none).toMatchObject({ outcomes: {}, waiting: { count: 0 }, toJob: { count: 0 } })
})

test('a wider step holds the counts of the narrow ones', async () => {
  const { recorder, reader } = makeHistory(db.redis)
  for (let number = 0; number < 12; number++) {
    await recorder.ended(withResult(makeNumberedRun(number), 'succeeded', { finishedAt: T0 + number * 5 * MINUTE }))
  }
  const range = { from: T0, to: T0 + HOUR }
  const sums = async (step: number) =>
    (await reader.readStats({ ...range, step })).map(({ outcomes }) => outcomes.succeeded ?? 0)
  expect(await sums(1)).toEqual(Array.from({ length: 12 }, () => 1))
  expect(await sums(20 * MINUTE)).toEqual([4, 4, 4])
  expect(await sums(HOUR)).toEqual([12])
})

test('statistics skip what this version does not know', async () => {
  const fields = ['outcome:transcended', 3, 'ended:transcended:', 3, 'other', 4, 'waiting:99', 5, 'waiting:sum', 6]
  await db.redis.hset(`${PREFIX}:history:stats:${T0}`, ...fields)
  const [stats] = await createStatsReader(db.redis, PREFIX)({ from: T0, to: T0 + 1, step: 1 })
  expect(stats).toMatchObject({ at: T0, outcomes: {}, waiting: { count: 0 } })
})

test('statistics include what older versions counted', async () => {
  const old = { 'outcome:failed': 2, [`operario:${OPERARIO}:failed`]: 1, 'toJob:1': 3, 'toJob:sum': 200 }
  await db.redis.hset(`${PREFIX}:history:stats:${T0}`, { ...old, [`ended:failed:${OPERARIO}`]: 4, 'ended:lost:': 1 })
  const [stats] = await createStatsReader(db.redis, PREFIX)({ from: T0, to: T0 + 1, step: 1 })
  expect(stats).toMatchObject({ outcomes: { failed: 6, lost: 1 }, toJob: { count: 3 } })
  expect(stats?.operarios).toEqual(new Map([[OPERARIO, { failed: 5 }]]))
})
