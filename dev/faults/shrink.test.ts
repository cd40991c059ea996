import { expect, test } from 'vitest'
import type { Schedule } from './actions.ts'
import { scheduleOf } from './schedule.ts'
import { shrink } from './shrink.ts'

const NO_LIMITS = { tries: 10_000, time: 20_000 }
const kindsOf = ({ steps }: Schedule) => steps.map(({ action }) => action.kind)
const holds = (schedule: Schedule, ...kinds: string[]) =>
  kinds.every((kind) => kindsOf(schedule).some((k) => k === kind))

/** The first seed whose schedule has both. */
function seedWith(...kinds: string[]): number {
  for (let seed = 1; ; seed++) if (holds(scheduleOf(seed), ...kinds)) return seed
}

test('a failing schedule shrinks to the steps that make it fail', async () => {
  const seed = seedWith('redis-crash', 'delete-job')
  const shrunk = await shrink(
    seed,
    (schedule) => Promise.resolve(holds(schedule, 'redis-crash', 'delete-job', 'post')),
    NO_LIMITS,
  )
  expect(shrunk?.isSmallest).toBe(true)
  const kinds = shrunk ? kindsOf(shrunk.schedule) : []
  expect(kinds.filter((kind) => kind !== 'post').toSorted()).toEqual(['delete-job', 'redis-crash'])
  expect(kinds.filter((kind) => kind === 'post').length).toBeLessThanOrEqual(4)
})

test('the path of a shrunk schedule leads to it again', async () => {
  const seed = seedWith('redis-crash')
  const shrunk = await shrink(seed, (schedule) => Promise.resolve(holds(schedule, 'redis-crash')), NO_LIMITS)
  expect(scheduleOf(seed, shrunk?.path)).toEqual(shrunk?.schedule)
})

test('a schedule that does not fail is not shrunk', async () => {
  expect(await shrink(1, () => Promise.resolve(false), NO_LIMITS)).toBeUndefined()
})

test('shrinking begins with the schedule of the seed', async () => {
  const tried: Schedule[] = []
  await shrink(7, (schedule) => Promise.resolve(tried.push(schedule) < 0), NO_LIMITS)
  expect(tried).toEqual([scheduleOf(7)])
})

test('shrinking stops after the given number of tries', async () => {
  const tried: Schedule[] = []
  const shrunk = await shrink(7, (schedule) => Promise.resolve(tried.push(schedule) > 0), { ...NO_LIMITS, tries: 3 })
  expect(tried).toHaveLength(3)
  expect(shrunk).toMatchObject({ schedule: tried.at(-1), tries: 3, isSmallest: false })
})

test('shrinking stops when its time is up', async () => {
  const shrunk = await shrink(7, () => new Promise((resolve) => setTimeout(resolve, 30, true)), {
    tries: 100,
    time: 20,
  })
  expect(shrunk).toMatchObject({ tries: 1, isSmallest: false })
})
