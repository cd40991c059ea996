import { createLogger } from '@opifer/platform/telemetry'
import { PATIENCE } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { createPresence, type Member, startHeartbeat } from './presence.ts'
import { PREFIX, startTestRedis, T0 } from './testing/helpers.ts'

const db = startTestRedis()

const member = (id: string): Member => ({ id, app: 'worker', host: 'h', pid: 1, version: '0.1.0', startedAt: T0 })

test('an announced process is listed until it leaves', async () => {
  const presence = createPresence(db.redis, PREFIX)
  expect(await presence.list()).toEqual([])
  for (const id of ['a', 'b', 'a']) await presence.announce(member(id))
  expect((await presence.list()).map(({ id }) => id).sort()).toEqual(['a', 'b'])
  await presence.leave('a')
  expect(await presence.list()).toEqual([member('b')])
})

test('a crashed process expires from the list, and its keys expire too', async () => {
  const presence = createPresence(db.redis, PREFIX)
  await presence.announce(member('a'))
  const [key = ''] = await db.redis.keys('*presence:a')
  expect(await db.redis.pttl(key)).toBeGreaterThan(10_000)
  await db.redis.pexpire(key, 1)
  await expect.poll(() => presence.list()).toEqual([])
  expect(await db.redis.pttl(`${PREFIX}:history:presence`)).toBeGreaterThan(0)
})

test('a heartbeat that starts before Redis announces its process on connect, not at the next beat', async () => {
  const late = new Redis(db.server.url, { enableOfflineQueue: false })
  onTestFinished(() => late.disconnect())
  const heartbeat = startHeartbeat('ingest', late, PREFIX, createLogger('test', 'silent'))
  onTestFinished(() => heartbeat.stop())
  const presence = createPresence(db.redis, PREFIX)
  await expect.poll(() => presence.list(), { ...PATIENCE, timeout: 2_500 }).toMatchObject([{ app: 'ingest' }])
})
