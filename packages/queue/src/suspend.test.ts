import type { Run } from '@opifer/core'
import { makeRun } from '@opifer/core/testing'
import { startProxy } from '@opifer/testkit'
import { Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { queueEntry, RUNS, serializeRun } from './catalog.ts'
import { LeaseLostError, leaseOf } from './lease.ts'
import { openRunQueue } from './open-run-queue.ts'
import { suspend } from './suspend.ts'
import { connect, dump, HOUR, PREFIX, startTestRedis } from './testing/helpers.ts'

const TOKEN = 'this-worker'
const server = startTestRedis()

test('suspend saves the run and delays it', async () => {
  const { worker, run, entry } = await start()
  const before = Date.now()
  await suspend(worker, { runId: run.id, token: TOKEN, delayMs: HOUR, data: serializeRun(run, withJob(run)) })
  const { data, delay, isDelayed } = await entry()
  expect({ data, delay, isDelayed }).toEqual({ data: withJob(run), delay: HOUR, isDelayed: true })
  expect(await dueAt(run.id)).toBeGreaterThanOrEqual(before + HOUR)
  expect(await dueAt(run.id)).toBeLessThanOrEqual(Date.now() + HOUR)
})

test('suspend keeps fields of a newer version in the run', async () => {
  const { worker, run, entry } = await start()
  const stored = { ...run, news: { of: 'a newer version' } }
  await suspend(worker, { runId: run.id, token: TOKEN, delayMs: HOUR, data: serializeRun(stored, withJob(run)) })
  expect((await entry()).data).toEqual({ ...stored, job: withJob(run).job })
})

test('suspend gives up the lease, so another worker gets the run when it is promoted', async () => {
  const { worker, queue, run } = await start()
  await suspend(worker, { runId: run.id, token: TOKEN, delayMs: HOUR, data: undefined })
  expect(await server.redis.exists(lockKey(run))).toBe(0)
  expect(await queue.getActiveCount()).toBe(0)
  await (await queue.getJob(run.id))?.promote()
  expect((await worker.getNextJob('another-worker'))?.id).toBe(run.id)
})

test('suspend without data leaves the run unchanged', async () => {
  const { worker, run, entry } = await start()
  await suspend(worker, { runId: run.id, token: TOKEN, delayMs: HOUR, data: undefined })
  expect((await entry()).data).toEqual(run)
})

test('suspend keeps the attempt count', async () => {
  const { worker, queue, run, entry } = await start()
  for (let round = 0; round < 3; round++) {
    await suspend(worker, { runId: run.id, token: TOKEN, delayMs: HOUR, data: undefined })
    await (await queue.getJob(run.id))?.promote()
    await worker.getNextJob(TOKEN)
  }
  expect((await entry()).attemptsMade).toBe(0)
})

test.each<{ what: string; take: (run: Run) => Promise<unknown> }>([
  { what: 'another worker has', take: (run) => server.redis.set(lockKey(run), 'another-worker') },
  { what: 'has expired', take: (run) => server.redis.del(lockKey(run)) },
])('suspend writes nothing when the lease $what', async ({ take }) => {
  const { worker, run } = await start()
  await take(run)
  const before = await dump(server.redis)
  const suspended = suspend(worker, { runId: run.id, token: TOKEN, delayMs: HOUR, data: '{}' })
  await expect(suspended).rejects.toThrow(LeaseLostError)
  expect(await dump(server.redis)).toEqual(before)
})

test('suspend reports a lost lease for a run that is no longer active', async () => {
  const { worker, run } = await start()
  await server.redis.lrem(`${PREFIX}:${RUNS.name}:active`, 1, run.id)
  const suspended = suspend(worker, { runId: run.id, token: TOKEN, delayMs: HOUR, data: undefined })
  await expect(suspended).rejects.toThrow(LeaseLostError)
})

test('suspend reports a run that was deleted as BullMQ does', async () => {
  const { worker } = await start()
  const suspended = suspend(worker, { runId: 'deleted', token: TOKEN, delayMs: HOUR, data: undefined })
  await expect(suspended).rejects.toThrow('Missing key for job deleted')
  await expect(suspended).rejects.not.toBeInstanceOf(LeaseLostError)
})

test('a suspend resent on a new connection writes nothing after another worker took over', async () => {
  const proxy = await startProxy(server.server)
  onTestFinished(() => proxy.stop())
  const { worker, run } = await start(await connect(proxy))
  proxy.stall()
  const suspended = suspend(worker, { runId: run.id, token: TOKEN, delayMs: HOUR, data: '{}' })
  await server.redis.set(lockKey(run), 'another-worker')
  const before = await dump(server.redis)
  proxy.cut()
  proxy.restore()
  await expect(suspended).rejects.toThrow(LeaseLostError)
  expect(await dump(server.redis)).toEqual(before)
})

/** A run that a worker holds. */
async function start(connection: Redis = server.redis) {
  const run = makeRun()
  const queue = openRunQueue(server.redis, PREFIX)
  onTestFinished(() => queue.close())
  const { name, data, opts } = queueEntry(run)
  await queue.add(name, data, opts)
  const worker = new Worker(RUNS.name, null, { connection, prefix: PREFIX, autorun: false })
  worker.on('error', () => {})
  onTestFinished(() => worker.close())
  expect((await worker.getNextJob(TOKEN))?.id).toBe(run.id)
  return {
    worker,
    queue,
    run,
    async entry() {
      const entry = await queue.getJob(run.id)
      if (!entry) throw new Error('no run in the queue')
      return {
        data: entry.data,
        delay: entry.delay,
        attemptsMade: entry.attemptsMade,
        isDelayed: await entry.isDelayed(),
      }
    },
  }
}

const withJob = (run: Run): Run => ({ ...run, job: { namespace: 'openfero', name: 'cleanup', uid: 'u', createdAt: 1 } })

const lockKey = (run: Run) => leaseOf(PREFIX, run.id, TOKEN, HOUR).lockKey

/** BullMQ keeps the time in the upper bits of the score (bullmq: getDelayedScore). */
async function dueAt(runId: string): Promise<number> {
  return Math.floor(Number(await server.redis.zscore(`${PREFIX}:${RUNS.name}:delayed`, runId)) / 0x1000)
}
