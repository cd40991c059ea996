import { makeRun } from '@opifer/core/testing'
import { UnrecoverableError, Worker } from 'bullmq'
import { expect, onTestFinished, test } from 'vitest'
import { tell } from '../testing/builders.ts'
import { givenDashboards, NOW } from '../testing/given.ts'
import { findRun, readOldestWaiting } from './find-run.ts'

const givenDashboard = givenDashboards()

type Dashboard = Awaited<ReturnType<typeof givenDashboard>>

const HALF_HOUR = 1_800_000

async function enqueue({ queue }: Dashboard, ...runs: ReturnType<typeof makeRun>[]) {
  for (const run of runs) await queue.add('DiskSpaceLow', run, { jobId: run.id })
}

async function takeUp({ queue, prefix, redis }: Dashboard) {
  const worker = new Worker(queue.name, null, { connection: redis, prefix, autorun: false })
  onTestFinished(() => worker.close())
  const job = await worker.getNextJob('token')
  if (!job) throw new Error('there is no run')
  return job
}

/** Lets a worker take a run up and delay it, and what it waits for come to pass. */
async function takeUpAndWake(dashboard: Dashboard) {
  const job = await takeUp(dashboard)
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

test('how a run ended is told from the queue where the history was not told', async () => {
  const dashboard = await givenDashboard()
  const run = await tell(dashboard, { id: 'run-1', receivedAt: NOW - 60_000 })
  const job = { namespace: 'openfero', name: 'cleanup-1', uid: 'u', createdAt: NOW - 50_000 }
  const result = { outcome: 'succeeded', reason: 'the Job completed', finishedAt: NOW } as const
  await enqueue(dashboard, { ...run, job, result })
  const taken = await takeUp(dashboard)
  expect((await findRun('run-1', dashboard))?.result).toBeUndefined()
  await taken.moveToCompleted('succeeded', 'token', false)
  const shown = await findRun('run-1', dashboard)
  expect(shown).toMatchObject({ startedAt: NOW - 59_980, job, result })
  expect(shown?.leftQueue).toBeUndefined()
})

test('a run that BullMQ gave up has left the queue, whether or not the history knows of it', async () => {
  const dashboard = await givenDashboard()
  await enqueue(dashboard, await tell(dashboard, { id: 'run-1', receivedAt: NOW - 60_000 }), makeRun({ id: 'run-2' }))
  for (const id of ['run-1', 'run-2']) {
    expect((await findRun(id, dashboard))?.leftQueue).toBeUndefined()
    await (await takeUp(dashboard)).moveToFailed(new UnrecoverableError('it stalled too often'), 'token', false)
    expect(await findRun(id, dashboard)).toMatchObject({ id, leftQueue: true })
  }
})

test('a run that ends between a look at its record and one at the queue is shown with its end', async () => {
  const dashboard = await givenDashboard()
  const run = await tell(dashboard, { id: 'run-1', receivedAt: NOW - 60_000 })
  const result = { outcome: 'succeeded', reason: 'the Job completed', finishedAt: NOW } as const
  await enqueue(dashboard, run)
  const { queue, history, recorder } = dashboard
  const endsMeanwhile = async (id: string) => {
    await recorder.ended({ ...run, result })
    await queue.remove(id)
    return queue.getJob(id)
  }
  const shown = await findRun('run-1', {
    history,
    queue: Object.assign(Object.create(queue), { getJob: endsMeanwhile }),
  })
  expect(shown).toMatchObject({ result })
  expect(shown?.leftQueue).toBeUndefined()
})
