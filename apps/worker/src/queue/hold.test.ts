import { makeRun } from '@opifer/core/testing'
import { RUNS } from '@opifer/queue'
import { type RedisServer, startProxy, startRedis } from '@opifer/testkit'
import { type Job, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { makeJobRef } from '../testing/builders.ts'
import { givenQueue, type TestQueue } from '../testing/queue.ts'
import { createHold, type HoldOptions } from './hold.ts'

const TOKEN = 'this-worker'

let server: RedisServer

beforeAll(async () => {
  server = await startRedis()
})

afterAll(() => server.stop())

test('what a worker has found out is kept, and what it does not know of stays', async () => {
  const { job, hold, data } = await given()
  await job.updateData({ ...job.data, news: 'of a newer version' })
  await hold().save({ ...makeRun(), job: makeJobRef() })
  expect(await data()).toMatchObject({ news: 'of a newer version', job: makeJobRef() })
})

test('since when a create may have been carried out without an answer is kept, from the first of them on', async () => {
  const { hold } = await given()
  expect(await hold().unansweredSince()).toBeUndefined()
  await hold().expectAnswer(7)
  await hold().expectAnswer(8)
  expect(await hold().unansweredSince()).toBe(7)
  await hold().save({ ...makeRun() })
  expect(await hold().unansweredSince()).toBe(7)
  await hold().answered()
  expect(await hold().unansweredSince()).toBeUndefined()
})

test('whoever expects an answer has the run for as long again as a lock lasts', async () => {
  const { hold, setLock, lockLeft } = await given()
  const { expectAnswer, confirm } = hold({ lockDuration: 90_000 })
  await expectAnswer(7)
  expect(await lockLeft()).toBeGreaterThan(60_000)
  await setLock('another-worker')
  await confirm()
})

test.each(['another-worker', undefined])('a run whose lock is held by %s is not written to', async (holder) => {
  const { hold, data, setLock } = await given()
  const before = await data()
  await setLock(holder)
  await expect(hold().save({ ...makeRun(), job: makeJobRef() })).rejects.toThrow(
    'another worker has taken the run over',
  )
  for (const act of [hold().confirm, () => hold().expectAnswer(7), hold().answered]) {
    await expect(act()).rejects.toThrow('another worker has taken the run over')
  }
  expect(await data()).toEqual(before)
  expect(await hold().unansweredSince()).toBeUndefined()
})

test('a write that is sent again on a new connection comes too late when the run was taken over meanwhile', async () => {
  const proxy = await startProxy(server)
  onTestFinished(() => proxy.stop())
  const redis = new Redis({ host: proxy.host, port: proxy.port, maxRetriesPerRequest: null })
  onTestFinished(() => redis.disconnect())
  redis.on('error', () => {})
  const { hold, data, setLock } = await given()
  await redis.ping()
  proxy.stall()
  const saved = hold({ redis }).save({ ...makeRun(), job: makeJobRef() })
  await setLock('another-worker')
  const before = await data()
  proxy.cut()
  proxy.restore()
  await expect(saved).rejects.toThrow('another worker has taken the run over')
  expect(await data()).toEqual(before)
})

test('a hold that was just confirmed is not asked about again, until half of the lock’s time is over', async () => {
  let time = 0
  const { hold, setLock } = await given()
  const { confirm } = hold({ now: () => time, lockDuration: 10_000 })
  await confirm()
  await setLock('another-worker')
  time = 4_999
  await confirm()
  time = 5_000
  await expect(confirm()).rejects.toThrow('another worker')
})

/** A run that is being worked on. */
async function given() {
  const own = givenQueue(server.url)
  await own.enqueue()
  const job = await take(own)
  const key = `${own.prefix}:${RUNS.name}:${job.id}`
  return {
    job,
    hold: (overrides: Partial<HoldOptions> = {}) =>
      createHold(job, { redis: own.redis, key, token: TOKEN, lockDuration: 30_000, ...overrides }),
    data: async () => (await own.queue.getJob(job.id ?? ''))?.data,
    lockLeft: () => own.redis.pttl(`${key}:lock`),
    setLock: (holder: string | undefined) =>
      holder === undefined ? own.redis.del(`${key}:lock`) : own.redis.set(`${key}:lock`, holder),
  }
}

async function take({ redis, prefix }: TestQueue): Promise<Job> {
  const worker = new Worker(RUNS.name, null, { connection: redis, prefix, autorun: false })
  onTestFinished(() => worker.close())
  const job = await worker.getNextJob(TOKEN)
  if (!job) throw new Error('there is no run')
  return job
}
