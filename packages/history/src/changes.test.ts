import { PATIENCE } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Change, createChangePublisher, subscribeToChanges } from './changes.ts'
import {
  makeHistory,
  makeNumberedRun,
  PREFIX,
  rethrow,
  startTestRedis,
  T0,
  withJob,
  withResult,
} from './testing/helpers.ts'
import { createRepeatCounter } from './write/writer.ts'

const db = startTestRedis()

test('a subscriber receives each change once, and nothing from other versions', async () => {
  const connection = new Redis(db.server.url)
  onTestFinished(() => connection.disconnect())
  const received: Change[] = []
  await subscribeToChanges(connection, PREFIX, (change) => received.push(change))
  const { recorder, writer } = makeHistory(db.redis)
  const run = withJob(makeNumberedRun(1))
  for (let time = 0; time < 2; time++) {
    await recorder.began(run, T0)
    await writer.attemptFailed(run.id, { at: T0, message: 'once' })
    await recorder.ended(withResult(run))
  }
  await db.redis.publish(`${PREFIX}:history:changes`, 'transcended x')
  await db.redis.publish(`${PREFIX}:history:changes`, 'nonsense')
  createChangePublisher(db.redis, PREFIX, rethrow)(run.id, 'created')
  await createRepeatCounter(db.redis, PREFIX)([run.id], T0)
  const kinds = ['began', 'attempt-failed', 'ended', 'created', 'repeated'] as const
  await vi.waitFor(() => expect(received).toEqual(kinds.map((kind) => ({ id: run.id, kind }))), PATIENCE)
})

test('a change that cannot be published is reported, not thrown', async () => {
  const closed = new Redis({ lazyConnect: true, enableOfflineQueue: false, port: 1 })
  const errors: unknown[] = []
  closed.on('error', () => {})
  createChangePublisher(closed, PREFIX, (err) => errors.push(err))('run-1', 'created')
  await expect.poll(() => errors).toHaveLength(1)
  closed.disconnect()
})
