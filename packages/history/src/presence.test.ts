import { createLogger } from '@opifer/platform/telemetry'
import { eventually } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { createPresence, type Member, stayPresent } from './presence.ts'
import { givenRedis, PREFIX, T0 } from './testing/given.ts'

const given = givenRedis()

const member = (id: string): Member => ({ id, app: 'worker', host: 'h', pid: 1, version: '0.1.0', startedAt: T0 })

test('who announced itself is there, until it leaves', async () => {
  const presence = createPresence(given.redis, PREFIX)
  expect(await presence.list()).toEqual([])
  for (const id of ['a', 'b', 'a']) await presence.announce(member(id))
  expect((await presence.list()).map(({ id }) => id).sort()).toEqual(['a', 'b'])
  await presence.leave('a')
  expect(await presence.list()).toEqual([member('b')])
})

test('who is gone without a word is not there for long, and nothing is left of it', async () => {
  const presence = createPresence(given.redis, PREFIX)
  await presence.announce(member('a'))
  const [key = ''] = await given.redis.keys('*presence:a')
  expect(await given.redis.pttl(key)).toBeGreaterThan(10_000)
  await given.redis.pexpire(key, 1)
  await eventually(async () => expect(await presence.list()).toEqual([]))
  expect(await given.redis.pttl(`${PREFIX}:history:presence`)).toBeGreaterThan(0)
})

test('who comes before Redis is there as soon as that is, and not when it is time again', async () => {
  const late = new Redis(given.server.url, { enableOfflineQueue: false })
  onTestFinished(() => late.disconnect())
  const held = stayPresent('ingest', late, PREFIX, createLogger('test', 'silent'))
  onTestFinished(() => held.stop())
  const presence = createPresence(given.redis, PREFIX)
  await eventually(async () => expect(await presence.list()).toMatchObject([{ app: 'ingest' }]), { timeout: 2_500 })
})
