import { makeRun } from '@opifer/core/testing'
import { RUNS } from '@opifer/queue'
import { provideRedis, type ProvidedRedis } from '@opifer/testkit'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { givenQueue } from '../testing/queue.ts'
import { wake } from './wake.ts'

let redis: ProvidedRedis

beforeAll(async () => {
  redis = await provideRedis()
})
afterAll(() => redis.stop())

test('a run that is delayed takes its turn now', async () => {
  const { queue } = givenQueue(redis.url)
  const { id = '' } = await queue.add('run', makeRun(), { delay: 3_600_000 })
  expect(await queue.getJobState(id)).toBe('delayed')
  await wake(queue, id, silent)
  expect(await queue.getJobState(id)).toBe('waiting')
})

test('a run that is not delayed is let be, as often as it is woken', async () => {
  const { queue, enqueue } = givenQueue(redis.url)
  const { id = '' } = await enqueue()
  await wake(queue, id, silent)
  await wake(queue, id, silent)
  expect(await queue.getJobCounts('waiting', 'delayed')).toEqual({ waiting: 1, delayed: 0 })
})

test('a run that is not there any more is no error, and does not come into being', async () => {
  const { queue } = givenQueue(redis.url)
  await wake(queue, 'missing', silent)
  expect(await queue.getJob('missing')).toBeUndefined()
  expect(await queue.getJobCounts('waiting', 'delayed')).toEqual({ waiting: 0, delayed: 0 })
})

test('a Redis that is away is no error: the run wakes up by itself', async () => {
  const client = new Redis({ port: 1, enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => null })
  client.on('error', () => {})
  const queue = new Queue(RUNS.name, { connection: client, skipWaitingForReady: true })
  queue.on('error', () => {})
  onTestFinished(async () => {
    await queue.close()
    client.disconnect()
  })
  await expect(wake(queue, 'run', silent)).resolves.toBeUndefined()
})
