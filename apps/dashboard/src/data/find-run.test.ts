import { makeRun } from '@opifer/core/testing'
import { Worker } from 'bullmq'
import { expect, onTestFinished, test } from 'vitest'
import { givenDashboards, NOW } from '../testing/given.ts'
import { readOldestWaiting } from './find-run.ts'

const givenDashboard = givenDashboards()

type Dashboard = Awaited<ReturnType<typeof givenDashboard>>

const HALF_HOUR = 1_800_000

async function enqueue({ queue }: Dashboard, ...runs: ReturnType<typeof makeRun>[]) {
  for (const run of runs) await queue.add('DiskSpaceLow', run, { jobId: run.id })
}

/** Lets a worker take a run up and delay it, and what it waits for come to pass. */
async function takeUpAndWake({ queue, prefix, redis }: Dashboard) {
  const worker = new Worker(queue.name, null, { connection: redis, prefix, autorun: false })
  onTestFinished(() => worker.close())
  const job = await worker.getNextJob('token')
  if (!job) throw new Error('there is no run')
  await job.moveToDelayed(Date.now() + HALF_HOUR, 'token')
  await job.promote()
}

test('the oldest run that waits is the first that no worker has taken up', async () => {
  const dashboard = await givenDashboard()
  expect(await readOldestWaiting(dashboard.queue)).toBeUndefined()
  await enqueue(dashboard, makeRun({ id: 'run-1', receivedAt: NOW - HALF_HOUR }))
  await takeUpAndWake(dashboard)
  const job = { namespace: 'openfero', name: 'cleanup-1', uid: 'u', createdAt: NOW - HALF_HOUR }
  await enqueue(
    dashboard,
    makeRun({ id: 'run-2', receivedAt: NOW - HALF_HOUR, job }),
    makeRun({ id: 'run-3', receivedAt: NOW - 2_000 }),
    makeRun({ id: 'run-4', receivedAt: NOW - 1_000 }),
  )
  expect(await readOldestWaiting(dashboard.queue)).toEqual({ id: 'run-3', receivedAt: NOW - 2_000 })
})

test('that a run waits for another turn is no reason for alarm, however old its alert is', async () => {
  const dashboard = await givenDashboard()
  for (const app of ['worker', 'ingest'] as const) {
    await dashboard.presence.announce({ id: app, app, host: 'here', pid: 1, version: '0.1.0', startedAt: NOW })
  }
  await enqueue(dashboard, makeRun({ id: 'run-1', receivedAt: NOW - HALF_HOUR }))
  expect((await dashboard.get('/')).body).toContain('The oldest run has waited 30 min for a worker.')
  await takeUpAndWake(dashboard)
  const { body } = await dashboard.get('/')
  expect(body).toContain('Everything is well')
  expect(body).toContain('<dt>Wait for a worker</dt><dd>1 <small>for another turn</small>')
  expect((await dashboard.get('/runs')).body).toContain('One run waits for a worker.')
})
