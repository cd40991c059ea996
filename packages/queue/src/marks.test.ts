import { eventually, type RedisServer, startRedis } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createMarks, type Marks } from './marks.ts'

const PREFIX = '{test}'
const HOUR = 3_600_000

let server: RedisServer
let redis: Redis

beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.url)
})

afterEach(() => server.flush())

afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

const LOCK = { key: '{test}:runs:run-1:lock', token: 'this worker' }

/** As the worker does that has the run. */
async function finish(marks: Marks, about: Partial<Parameters<Marks['finishJob']>[0]>): Promise<void> {
  await redis.set(LOCK.key, LOCK.token)
  const usual = { dedupId: 'other', episode: 'other', runId: 'run', cooldownMs: HOUR, keepMs: HOUR }
  await marks.finishJob({ ...usual, ...about }, LOCK)
}

const about = (alertId: string, episode: string) => ({ dedupId: 'dedup', alertId, episode, runId: 'run' })
const givenMarks = () => createMarks(redis, PREFIX)

describe('a cooldown', () => {
  test('is told with the run that began it, in the order that was asked for', async () => {
    const marks = givenMarks()
    await finish(marks, { dedupId: 'a', runId: 'run-1' })
    await finish(marks, { dedupId: 'c', runId: 'run-3' })
    expect(await marks.coolingDown(['a', 'b', 'c', 'a'])).toEqual(['run-1', null, 'run-3', 'run-1'])
  })

  test('of nothing is told without asking Redis', async () => {
    expect(await createMarks(new Redis({ lazyConnect: true, port: 1 }), PREFIX).coolingDown([])).toEqual([])
  })

  test('ends by itself', async () => {
    const marks = givenMarks()
    await finish(marks, { dedupId: 'a', runId: 'run-1', cooldownMs: 50 })
    await eventually(async () => expect(await marks.coolingDown(['a'])).toEqual([null]))
  })

  test('that lasts no time does not begin', async () => {
    const marks = givenMarks()
    await finish(marks, { dedupId: 'a', runId: 'run-1', cooldownMs: 0 })
    expect(await marks.coolingDown(['a'])).toEqual([null])
  })
})

describe('before a Job is created', () => {
  test('nothing is known of an alert that is new', async () => {
    expect(await givenMarks().beforeCreate(about('alert', 'episode'))).toEqual({
      resolved: undefined,
      firedAnew: undefined,
      finishedJobs: 0,
      cancelledBy: undefined,
      coolingAfter: undefined,
    })
  })

  test('it is known that another run of the same has just ended', async () => {
    const marks = givenMarks()
    await finish(marks, { dedupId: 'dedup', runId: 'run-1' })
    expect((await marks.beforeCreate(about('alert', 'episode'))).coolingAfter).toBe('run-1')
    expect((await marks.beforeCreate({ ...about('alert', 'episode'), dedupId: 'other' })).coolingAfter).toBeUndefined()
  })

  test.each([{ endedAt: 5, receivedAt: 7 }, { receivedAt: 7 }])(
    'it is known that the alert is over: %j',
    async (mark) => {
      const marks = givenMarks()
      await marks.markResolved('alert', { receivedAt: 1 }, HOUR)
      await marks.markResolved('alert', mark, HOUR)
      expect((await marks.beforeCreate(about('alert', 'episode'))).resolved).toEqual(mark)
      expect((await marks.beforeCreate(about('other', 'episode'))).resolved).toBeUndefined()
    },
  )

  test('a time that is not known is none', async () => {
    const marks = givenMarks()
    await marks.markResolved('alert', { endedAt: undefined, receivedAt: 7 }, HOUR)
    expect((await marks.beforeCreate(about('alert', 'episode'))).resolved).toEqual({ receivedAt: 7 })
  })

  test.each([{ beganAt: 5, receivedAt: 7 }, { receivedAt: 7 }])(
    'it is known that the alert has fired anew: %j',
    async (firing) => {
      const marks = givenMarks()
      await marks.markFiredAnew('alert', { receivedAt: 1 }, HOUR)
      await marks.markFiredAnew('alert', firing, HOUR)
      expect((await marks.beforeCreate(about('alert', 'episode'))).firedAnew).toEqual(firing)
      expect((await marks.beforeCreate(about('other', 'episode'))).firedAnew).toBeUndefined()
    },
  )

  test('a firing or an end that comes late does not take the place of a later one', async () => {
    const marks = givenMarks()
    for (const late of [5, 4]) {
      await marks.markFiredAnew('alert', { beganAt: late, receivedAt: 10 - late }, HOUR)
      await marks.markResolved('alert', { endedAt: late, receivedAt: 10 - late }, HOUR)
    }
    const { firedAnew, resolved } = await marks.beforeCreate(about('alert', 'episode'))
    expect(firedAnew).toEqual({ beganAt: 5, receivedAt: 5 })
    expect(resolved).toEqual({ endedAt: 5, receivedAt: 5 })
  })

  test('it is known how many Jobs of the episode have finished', async () => {
    const marks = givenMarks()
    await Promise.all([1, 2, 3].map(() => finish(marks, { episode: 'episode' })))
    expect((await marks.beforeCreate(about('alert', 'episode'))).finishedJobs).toBe(3)
    expect((await marks.beforeCreate(about('alert', 'other'))).finishedJobs).toBe(0)
  })
})

test('that the end of a run is asked for is known, before its Job is created and while it runs', async () => {
  const marks = givenMarks()
  await marks.requestCancel('run-1', 'ada')
  expect(await marks.cancelledBy('run-1')).toBe('ada')
  expect((await marks.beforeCreate({ ...about('alert', 'episode'), runId: 'run-1' })).cancelledBy).toBe('ada')
  expect(await marks.cancelledBy('run-2')).toBeUndefined()
})

test('it is told which of some runs are about to end without a Job', async () => {
  const marks = givenMarks()
  expect(await marks.closing([])).toEqual(new Set())
  await marks.markClosing('run-2', HOUR)
  expect(await marks.closing(['run-1', 'run-2'])).toEqual(new Set(['run-2']))
  expect(await marks.closing(['run-1', 'run-3'])).toEqual(new Set())
  await marks.unmarkClosing('run-2')
  expect(await marks.closing(['run-2'])).toEqual(new Set())
})

test('every key has the prefix and ends by itself', async () => {
  const marks = givenMarks()
  await finish(marks, { dedupId: 'a', episode: 'a' })
  await finish(marks, { dedupId: 'a', episode: 'a' })
  await marks.markResolved('a', { receivedAt: 1 }, HOUR)
  await marks.markFiredAnew('a', { receivedAt: 1 }, HOUR)
  await marks.markClosing('a', HOUR)
  await marks.requestCancel('a', 'ada')

  const keys = (await redis.keys('*')).filter((key) => key !== LOCK.key)
  expect(keys.sort()).toEqual([
    '{test}:cancel:a',
    '{test}:closing:a',
    '{test}:cooldown:a',
    '{test}:finished:a',
    '{test}:fired-anew:a',
    '{test}:resolved:a',
  ])
  for (const key of keys) {
    const left = await redis.pttl(key)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(24 * HOUR)
  }
})

test('whoever has lost the run begins no cooldown and counts no Job', async () => {
  const marks = givenMarks()
  await redis.set(LOCK.key, 'another worker')
  await marks.finishJob({ dedupId: 'a', episode: 'a', runId: 'run-1', cooldownMs: HOUR, keepMs: HOUR }, LOCK)
  expect(await redis.keys('{test}:*')).toEqual([LOCK.key])
})

test('another finished Job keeps the count for longer', async () => {
  const marks = givenMarks()
  await finish(marks, { episode: 'a', keepMs: 1_000 })
  await finish(marks, { episode: 'a' })
  expect(await redis.pttl('{test}:finished:a')).toBeGreaterThan(1_000)
})

test('a count that Redis did not take is not passed over in silence', async () => {
  await redis.set('{test}:finished:a', 'not a number')
  await expect(finish(givenMarks(), { episode: 'a' })).rejects.toThrow('not an integer')
})

test('what is no number of Jobs is not taken for one', async () => {
  await redis.set('{test}:resolved:a', 'not JSON')
  await expect(givenMarks().beforeCreate(about('a', 'e'))).rejects.toThrow(SyntaxError)
})
