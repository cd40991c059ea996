import { eventually } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { type HistoryEvent, subscribeToHistory } from './events.ts'
import { ended, givenHistory, givenRedis, PREFIX, run, T0, withJob } from './testing/given.ts'
import { createRepeatCounter } from './writer.ts'

const given = givenRedis()

test('whoever listens hears of everything once, and of nothing else', async () => {
  const connection = new Redis(given.server.url)
  onTestFinished(() => connection.disconnect())
  const heard: HistoryEvent[] = []
  await subscribeToHistory(connection, PREFIX, (event) => heard.push(event))
  const { writer } = givenHistory(given.redis)
  const created = withJob(run(1))
  for (let time = 0; time < 2; time++) {
    await writer.began(created, T0)
    await writer.attemptFailed(created.id, { at: T0, message: 'once' })
    await writer.created(created)
    await writer.ended(ended(created))
  }
  await given.redis.publish(`${PREFIX}:history:events`, '{"id":"x","kind":"of a later version"}')
  await given.redis.publish(`${PREFIX}:history:events`, 'not JSON')
  await createRepeatCounter(given.redis, PREFIX)([created.id], T0)
  const kinds = ['began', 'attempt-failed', 'created', 'ended', 'repeated'] as const
  await eventually(() => expect(heard).toEqual(kinds.map((kind) => ({ id: created.id, kind }))))
})
