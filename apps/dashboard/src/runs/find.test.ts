import { makeRun } from '@opifer/core/testing'
import { UnrecoverableError, Worker } from 'bullmq'
import { expect, onTestFinished, test } from 'vitest'
import { recordRun } from '../testing/builders.ts'
import { useDashboards, NOW } from '../testing/dashboards.ts'
import { findRun, readOldestWaiting } from './find.ts'

const makeDashboard = useDashboards()

type Dashboard = Awaited<ReturnType<typeof makeDashboard>>

const HALF_HOUR = 1_800_000

async function enqueue({ queue }: Dashboard, ...runs: ReturnType<typeof makeRun>[]) {
  for (const run of runs) await queue.add('DiskSpaceLow', run, { jobId: run.id })
}

async function pickUp({ queue, prefix, redis }: Dashboard) {
  const worker = new Worker(queue.name, null, { connection: redis, prefix, autorun: false })
  onTestFinished(() => worker.close())
  const job = await worker.getNextJob('token')
  if (!job) throw new Error('the queue is empty')
  return job
}

/** A first attempt that delays the run, and the promotion after it. */
async function pickUpAndPromote(dashboard: Dashboard) {
  const job = await pickUp(dashboard)
  await job.moveToDelayed(Date.now() + HALF_HOUR, 'token')
  await job.promote()
}

test('the oldest waiting run is the first without an attempt', async () => {
  const dashboard = await makeDashboard()
  expect(await readOldestWaiting(dashboard.queue)).toBeUndefined()
  await enqueue(dashboard, makeRun({ id: 'run-1', receivedAt: NOW - HALF_HOUR }))
  await pickUpAndPromote(dashboard)
  const job = { namespace: 'openfero', name: 'cleanup-1', uid: 'u', createdAt: NOW - HALF_HOUR }
  await enqueue(
    dashboard,
    makeRun({ id: 'run-2', receivedAt: NOW - HALF_HOUR, job }),
    makeRun({ id: 'run-3', receivedAt: NOW - 2_000 }),
    makeRun({ id: 'run-4', receivedAt: NOW - 1_000 }),
  )
  expect(await readOldestWaiting(dashboard.queue)).toEqual({ id: 'run-3', receivedAt: NOW - 2_000 })
})

test('a run that waits for another attempt raises no alarm, however old its alert', async () => {
  const dashboard = await makeDashboard()
  for (const app of ['worker', 'ingest'] as const) {
    await dashboard.presence.announce({ id: app, app, host: 'here', pid: 1, version: '0.1.0', startedAt: NOW })
  }
  await enqueue(dashboard, makeRun({ id: 'run-1', receivedAt: NOW - HALF_HOUR }))
  expect((await dashboard.get('/')).body).toContain('The oldest run has waited 30 min for a worker.')
  await pickUpAndPromote(dashboard)
  const { body } = await dashboard.get('/')
  expect(body).toContain('All healthy')
  expect(body).toContain('<dt>Waiting for a worker</dt><dd>1 <small>for another attempt</small>')
  expect((await dashboard.get('/runs')).body).toContain('1 run waiting for a worker.')
})

test('a result that the history missed is read from the queue', async () => {
  const dashboard = await makeDashboard()
  const run = await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000 })
  const job = { namespace: 'openfero', name: 'cleanup-1', uid: 'u', createdAt: NOW - 50_000 }
  const result = { outcome: 'succeeded', reason: 'the Job completed', finishedAt: NOW } as const
  await enqueue(dashboard, { ...run, job, result })
  const taken = await pickUp(dashboard)
  expect((await findRun('run-1', dashboard))?.result).toBeUndefined()
  await taken.moveToCompleted('succeeded', 'token', false)
  const shown = await findRun('run-1', dashboard)
  expect(shown).toMatchObject({ startedAt: NOW - 59_980, job, result })
  expect(shown?.leftQueue).toBeUndefined()
})

test('a run that BullMQ failed has left the queue, whether or not the history has it', async () => {
  const dashboard = await makeDashboard()
  await enqueue(
    dashboard,
    await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000 }),
    makeRun({ id: 'run-2' }),
  )
  for (const id of ['run-1', 'run-2']) {
    expect((await findRun(id, dashboard))?.leftQueue).toBeUndefined()
    await (await pickUp(dashboard)).moveToFailed(new UnrecoverableError('it stalled too often'), 'token', false)
    expect(await findRun(id, dashboard)).toMatchObject({ id, leftQueue: true })
  }
})

test('a run that ends between the reads of history and queue is found with its result', async () => {
  const dashboard = await makeDashboard()
  const run = await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000 })
  const result = { outcome: 'succeeded', reason: 'the Job completed', finishedAt: NOW } as const
  await enqueue(dashboard, run)
  const { queue, history, recorder } = dashboard
  const endThenGetJob = async (id: string) => {
    await recorder.ended({ ...run, result })
    await queue.remove(id)
    return queue.getJob(id)
  }
  const shown = await findRun('run-1', {
    history,
    queue: Object.assign(Object.create(queue), { getJob: endThenGetJob }),
  })
  expect(shown).toMatchObject({ result })
  expect(shown?.leftQueue).toBeUndefined()
})
