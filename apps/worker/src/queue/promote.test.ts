import { makeRun } from '@opifer/core/testing'
import { RUNS } from '@opifer/queue'
import { provideRedis, type ProvidedRedis } from '@opifer/testkit'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { openTestQueue } from '../testing/queue.ts'
import { promote } from './promote.ts'

let redis: ProvidedRedis

beforeAll(async () => {
  redis = await provideRedis()
})
afterAll(() => redis.stop())

test('a delayed run starts its next attempt now', async () => {
  const { queue } = openTestQueue(redis.url)
  const { id = '' } = await queue.add('run', makeRun(), { delay: 3_600_000 })
  expect(await queue.getJobState(id)).toBe('delayed')
  await promote(queue, id, silent)
  expect(await queue.getJobState(id)).toBe('waiting')
})

test('a run that is not delayed stays where it is', async () => {
  const { queue, enqueue } = openTestQueue(redis.url)
  const { id = '' } = await enqueue()
  await promote(queue, id, silent)
  await promote(queue, id, silent)
  expect(await queue.getJobCounts('waiting', 'delayed')).toEqual({ waiting: 1, delayed: 0 })
})

test('a missing run is no error and is not created', async () => {
  const { queue } = openTestQueue(redis.url)
  await promote(queue, 'missing', silent)
  expect(await queue.getJob('missing')).toBeUndefined()
  expect(await queue.getJobCounts('waiting', 'delayed')).toEqual({ waiting: 0, delayed: 0 })
})

test('a Redis that is down is no error, since the run polls', async () => {
  const client = new Redis({ port: 1, enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => null })
  client.on('error', () => {})
  const queue = new Queue(RUNS.name, { connection: client, skipWaitingForReady: true })
  queue.on('error', () => {})
  onTestFinished(async () => {
    await queue.close()
    client.disconnect()
  })
  await expect(promote(queue, 'run', silent)).resolves.toBeUndefined()
})
