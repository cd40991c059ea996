import { expect, test } from 'vitest'
import { BOUNDS } from './histogram.ts'
import { createStatsReader } from './stats.ts'
import { ended, givenHistory, givenRedis, HOUR, OPERARIO, PREFIX, run, T0, withJob } from './testing/given.ts'

const given = givenRedis()
const MINUTE = 60_000

test('outcomes, waiting and the time to a Job are told by when they happened', async () => {
  const { writer, reader } = givenHistory(given.redis)
  const first = withJob(run(0))
  await writer.began(first, T0 + 40)
  await writer.created(first)
  await writer.ended(ended(first, 'failed', { finishedAt: T0 + 7 * MINUTE }))
  await writer.began(run(1), T0 + 6 * MINUTE)
  await writer.ended(ended(run(1), 'unmatched', { finishedAt: T0 + 8 * MINUTE }))

  const [early, late, none] = await reader.readStats({ from: T0, to: T0 + 15 * MINUTE, step: 5 * MINUTE })
  expect(early).toMatchObject({ at: T0, outcomes: {}, waiting: { count: 1, sum: 40 }, toJob: { count: 1, sum: 70 } })
  expect(early?.toJob.buckets[BOUNDS.indexOf(100)]).toBe(1)
  expect(late).toMatchObject({ at: T0 + 5 * MINUTE, outcomes: { failed: 1, unmatched: 1 }, waiting: { count: 1 } })
  expect(late?.operarios).toEqual(new Map([[OPERARIO, { failed: 1 }]]))
  expect(none).toMatchObject({ outcomes: {}, waiting: { count: 0 }, toJob: { count: 0 } })
})

test('wider steps hold what the narrow ones do', async () => {
  const { writer, reader } = givenHistory(given.redis)
  for (let number = 0; number < 12; number++) {
    await writer.ended(ended(run(number), 'succeeded', { finishedAt: T0 + number * 5 * MINUTE }))
  }
  const range = { from: T0, to: T0 + HOUR }
  const sums = async (step: number) =>
    (await reader.readStats({ ...range, step })).map(({ outcomes }) => outcomes.succeeded ?? 0)
  expect(await sums(1)).toEqual(Array.from({ length: 12 }, () => 1))
  expect(await sums(20 * MINUTE)).toEqual([4, 4, 4])
  expect(await sums(HOUR)).toEqual([12])
})

test('what this version does not know is passed over', async () => {
  await given.redis.hset(`${PREFIX}:history:stats:${T0}`, 'outcome:transcended', 3, 'other', 4, 'waiting:99', 5)
  const [stats] = await createStatsReader(given.redis, PREFIX)({ from: T0, to: T0 + 1, step: 1 })
  expect(stats).toMatchObject({ at: T0, outcomes: {}, waiting: { count: 0, sum: 0 } })
})
