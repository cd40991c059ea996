import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { createRunFlags } from './flags.ts'
import { HOUR, PREFIX, startTestRedis } from './testing/helpers.ts'

const server = startTestRedis()
const makeFlags = () => createRunFlags(server.redis, PREFIX)

async function readMark(alertId: string): Promise<unknown> {
  return JSON.parse((await server.redis.get(`${PREFIX}:resolved:${alertId}`)) ?? 'null')
}

test('coolingDown returns the run of each cooldown in the order of the alert keys', async () => {
  await server.redis.mset(`${PREFIX}:cooldown:a`, 'run-1', `${PREFIX}:cooldown:c`, 'run-3')
  expect(await makeFlags().coolingDown(['a', 'b', 'c', 'a'])).toEqual(['run-1', null, 'run-3', 'run-1'])
})

test('coolingDown and markResolved of nothing send nothing to Redis', async () => {
  const redis = new Redis({ lazyConnect: true, port: 1 })
  const flags = createRunFlags(redis, PREFIX)
  expect(await flags.coolingDown([])).toEqual([])
  await flags.markResolved([], HOUR)
  expect(redis.status).toBe('wait')
})

test.each([{ endedAt: 5, receivedAt: 7 }, { receivedAt: 7 }, { endedAt: undefined, receivedAt: 7 }])(
  'markResolved stores %j for its alert only',
  async (mark) => {
    await makeFlags().markResolved([{ alertId: 'a', mark }], HOUR)
    expect(await readMark('a')).toEqual(JSON.parse(JSON.stringify(mark)))
    expect(await server.redis.keys('*')).toEqual([`${PREFIX}:resolved:a`])
  },
)

test('markResolved keeps the latest end of each alert, also of several in one call', async () => {
  const flags = makeFlags()
  const [early, late] = [
    { endedAt: 4, receivedAt: 9 },
    { endedAt: 5, receivedAt: 8 },
  ]
  await flags.markResolved(
    [
      { alertId: 'a', mark: late },
      { alertId: 'b', mark: early },
    ],
    HOUR,
  )
  await flags.markResolved(
    [
      { alertId: 'a', mark: early },
      { alertId: 'b', mark: late },
      { alertId: 'c', mark: late },
      { alertId: 'c', mark: early },
      { alertId: 'd', mark: early },
      { alertId: 'd', mark: late },
    ],
    HOUR,
  )
  expect(await Promise.all(['a', 'b', 'c', 'd'].map(readMark))).toEqual([late, late, late, late])
})

test('markResolved stores a repeated end again, so that it is kept for longer', async () => {
  const resolved = [{ alertId: 'a', mark: { endedAt: 5, receivedAt: 7 } }]
  await makeFlags().markResolved(resolved, 1_000)
  await makeFlags().markResolved(resolved, HOUR)
  expect(await server.redis.pttl(`${PREFIX}:resolved:a`)).toBeGreaterThan(1_000)
})

test('markResolved compares by the receipt where the sender gives no time', async () => {
  const flags = makeFlags()
  await flags.markResolved([{ alertId: 'a', mark: { receivedAt: 6 } }], HOUR)
  await flags.markResolved([{ alertId: 'a', mark: { endedAt: 5, receivedAt: 7 } }], HOUR)
  expect(await readMark('a')).toEqual({ receivedAt: 6 })
  await flags.markResolved([{ alertId: 'a', mark: { receivedAt: 8 } }], HOUR)
  expect(await readMark('a')).toEqual({ receivedAt: 8 })
})

test('markResolved replaces a stored end in the year 9999 by an end that was received later', async () => {
  const old = { endedAt: Date.parse('9999-12-31T00:00:00Z'), receivedAt: 10 }
  await server.redis.set(`${PREFIX}:resolved:a`, JSON.stringify(old))
  const flags = makeFlags()
  await flags.markResolved([{ alertId: 'a', mark: { endedAt: 9, receivedAt: 12 } }], HOUR)
  expect(await readMark('a')).toEqual(old)
  const newer = { endedAt: 11, receivedAt: 12 }
  await flags.markResolved([{ alertId: 'a', mark: newer }], HOUR)
  expect(await readMark('a')).toEqual(newer)
})

test('markResolved compares a new end in the future by its receipt', async () => {
  const flags = makeFlags()
  const first = { endedAt: 11, receivedAt: 12 }
  await flags.markResolved([{ alertId: 'a', mark: first }], HOUR)
  await flags.markResolved([{ alertId: 'a', mark: { endedAt: 1_000, receivedAt: 10 } }], HOUR)
  expect(await readMark('a')).toEqual(first)
})

test('markResolved rejects when the stored mark is not JSON', async () => {
  await server.redis.set(`${PREFIX}:resolved:a`, 'not JSON')
  const marked = makeFlags().markResolved([{ alertId: 'a', mark: { receivedAt: 1 } }], HOUR)
  await expect(marked).rejects.toThrow('invalid token')
  expect(await server.redis.get(`${PREFIX}:resolved:a`)).toBe('not JSON')
})

test('requestCancel names its operator to cancelledBy, for that run only', async () => {
  const flags = makeFlags()
  await flags.requestCancel('run-1', 'ada')
  expect(await flags.cancelledBy('run-1')).toBe('ada')
  expect(await flags.cancelledBy('run-2')).toBeUndefined()
})

test('every flag has the prefix and expires', async () => {
  const flags = makeFlags()
  await flags.markResolved([{ alertId: 'a', mark: { receivedAt: 1 } }], HOUR)
  await flags.requestCancel('run-1', 'ada')
  const keys = (await server.redis.keys('*')).sort()
  expect(keys).toEqual([`${PREFIX}:cancel:run-1`, `${PREFIX}:resolved:a`])
  for (const key of keys) {
    const left = await server.redis.pttl(key)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(24 * HOUR)
  }
})
