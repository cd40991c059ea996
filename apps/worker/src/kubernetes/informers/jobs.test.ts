import { LABEL } from '@opifer/core'
import type { DevCluster } from '@opifer/devcluster'
import { expect, onTestFinished, test } from 'vitest'
import { COMPLETE, FAILED, makeJob, makeJobRef, silent, stored } from '../../testing/builders.ts'
import { NAMESPACE, startCluster, type TestCluster } from '../../testing/cluster.ts'
import { scriptedApi } from '../../testing/scripted-api.ts'
import type { KubeApi } from '../client/api.ts'
import { ApiError } from '../client/errors.ts'
import { watchJobs } from './jobs.ts'

test('a Job is running until a condition says that it has ended, and its run is notified once', async () => {
  const { cluster, jobs, ended } = await startJobs()
  const job = create(cluster, 'a', 'run-a')
  await expect.poll(() => jobs.seen(job)).toEqual({ state: 'running' })
  setStatus(cluster, 'a', { failed: 1 })
  setStatus(cluster, 'a', { conditions: [{ ...COMPLETE, status: 'False' }] })
  setStatus(cluster, 'a', { conditions: [FAILED] })
  setStatus(cluster, 'a', { conditions: [FAILED], failed: 2 })
  cluster.store.remove('jobs', NAMESPACE, 'a')
  create(cluster, 'end', 'run-end', { conditions: [COMPLETE] })
  await expect.poll(() => ended).toContain('run-end')
  expect(ended).toEqual(['run-a', 'run-end'])
  expect(jobs.seen(job)).toEqual({ state: 'failed', reason: 'BackoffLimitExceeded', message: 'too often' })
})

test('a Job deleted while it runs is observed as gone; one deleted after its end keeps its outcome', async () => {
  const { cluster, jobs, ended } = await startJobs()
  const running = create(cluster, 'running', 'run-1')
  const finished = create(cluster, 'finished', 'run-2', { conditions: [COMPLETE] })
  await expect.poll(() => jobs.seen(finished)).toEqual({ state: 'succeeded' })
  cluster.store.remove('jobs', NAMESPACE, 'running')
  cluster.store.remove('jobs', NAMESPACE, 'finished')
  await expect.poll(() => jobs.seen(running)).toEqual({ state: 'gone' })
  expect(jobs.seen(finished)).toEqual({ state: 'succeeded' })
  expect(ended.sort()).toEqual(['run-1', 'run-2'])
})

test('Jobs that ended or were deleted between two watches notify their runs at the next list', async () => {
  const { cluster, jobs, ended } = await startJobs()
  const finished = create(cluster, 'finished', 'run-1')
  const gone = create(cluster, 'gone', 'run-2')
  const running = create(cluster, 'running', 'run-3')
  await expect.poll(() => jobs.seen(running)).toBeDefined()
  cluster.faults.cutWatches()
  setStatus(cluster, 'finished', { conditions: [COMPLETE] })
  cluster.store.remove('jobs', NAMESPACE, 'gone')
  cluster.faults.expireHistory()
  await expect.poll(() => ended.sort()).toEqual(['run-1', 'run-2'])
  expect([finished, gone, running].map((job) => jobs.seen(job)?.state)).toEqual(['succeeded', 'gone', 'running'])
})

test('Jobs that ended before the first list notify their runs', async () => {
  const { ended } = await startJobs((cluster) => void create(cluster, 'a', 'run-a', { conditions: [COMPLETE] }))
  expect(ended).toEqual(['run-a'])
})

test('a new Job with the name of a deleted one is a different Job', async () => {
  const { cluster, jobs } = await startJobs()
  const first = create(cluster, 'a', 'run-1')
  cluster.store.remove('jobs', NAMESPACE, 'a')
  const second = create(cluster, 'a', 'run-2')
  await expect.poll(() => jobs.seen(second)).toEqual({ state: 'running' })
  expect(jobs.seen(first)).toEqual({ state: 'gone' })
})

test('the end of a Job notifies the run that created it and those that adopted it', async () => {
  const { cluster, jobs, ended } = await startJobs()
  const job = create(cluster, 'a', 'run-a')
  jobs.adopt(job, 'run-b')
  jobs.adopt(job, 'run-c')
  setStatus(cluster, 'a', { conditions: [COMPLETE] })
  await expect.poll(() => ended).toEqual(['run-a', 'run-b', 'run-c'])
})

test('adopting a deleted Job has no effect, even when its deletion is delivered again', async () => {
  const api = scriptedApi({
    lists: [page([makeJob({ uid: 'a', labels: { [LABEL.runId]: 'run-a' } })])],
    watches: [
      { events: [deletion('a', '2')], end: 'close' },
      { events: [deletion('a', '3')], end: 'stay' },
    ],
  })
  const { jobs, ended } = watch(api)
  await expect.poll(() => ended).toEqual(['run-a'])
  jobs.adopt(makeJobRef({ uid: 'a' }), 'run-b')
  await expect.poll(() => ended.length).toBeGreaterThan(1)
  expect(ended).toEqual(['run-a', 'run-a'])
  expect(jobs.seen(makeJobRef({ uid: 'a' }))).toEqual({ state: 'gone' })
})

test('of returns the Job of a run with its creation time, even after its deletion', async () => {
  const { cluster, jobs } = await startJobs()
  const job = create(cluster, 'a', 'run-a')
  expect(job.createdAt).toBeCloseTo(Date.now(), -4)
  await expect.poll(() => jobs.of('run-a')).toEqual(job)
  cluster.store.remove('jobs', NAMESPACE, 'a')
  await expect.poll(() => jobs.seen(job)).toEqual({ state: 'gone' })
  expect(jobs.of('run-a')).toEqual(job)
  expect(jobs.of('run-b')).toBeUndefined()
})

test('Jobs without the run label are ignored', async () => {
  const { cluster, jobs, ended } = await startJobs()
  const { metadata } = cluster.store.create('jobs', stored('Job', 'other', {}, { status: { conditions: [COMPLETE] } }))
  create(cluster, 'end', 'run-end', { conditions: [COMPLETE] })
  await expect.poll(() => ended).toEqual(['run-end'])
  expect(jobs.seen(makeJobRef({ uid: metadata.uid }))).toBeUndefined()
})

test('only the last 10,000 deleted Jobs are remembered', async () => {
  const all = Array.from({ length: 10_001 }, (_, number) =>
    makeJob({ uid: `uid-${number}`, labels: { [LABEL.runId]: `run-${number}` } }),
  )
  const expired = new ApiError({ code: 410, reason: 'Expired', message: 'too old' })
  const { jobs, ended } = watch(
    scriptedApi({ lists: [page(all), page([])], watches: [{ end: expired }, { end: 'stay' }] }),
  )
  await expect.poll(() => ended).toHaveLength(10_001)
  expect(jobs.seen(makeJobRef({ uid: 'uid-0' }))).toBeUndefined()
  expect(jobs.seen(makeJobRef({ uid: 'uid-1' }))).toEqual({ state: 'gone' })
  expect(jobs.seen(makeJobRef({ uid: 'uid-10000' }))).toEqual({ state: 'gone' })
  expect(jobs.of('run-0')).toBeUndefined()
  expect(jobs.of('run-1')).toMatchObject({ uid: 'uid-1' })
})

test('unfinished returns the Job of an alert while it runs', async () => {
  const { cluster, jobs } = await startJobs()
  const job = createFor(cluster, 'key-a', 'a')
  await expect.poll(() => jobs.unfinished('key-a')).toEqual(job)
  expect(jobs.unfinished('key-b')).toBeUndefined()
  setStatus(cluster, 'a', { conditions: [COMPLETE] })
  await expect.poll(() => jobs.seen(job)).toEqual({ state: 'succeeded' })
  expect(jobs.unfinished('key-a')).toBeUndefined()
})

test('unfinished does not return a Job that was deleted, or whose alert key was removed', async () => {
  const { cluster, jobs } = await startJobs()
  createFor(cluster, 'key-a', 'a')
  createFor(cluster, 'key-b', 'b')
  await expect.poll(() => jobs.unfinished('key-b')).toBeDefined()
  cluster.store.remove('jobs', NAMESPACE, 'a')
  cluster.store.mutate('jobs', NAMESPACE, 'b', ({ metadata }) => void (metadata.annotations = {}))
  await expect.poll(() => jobs.unfinished('key-b')).toBeUndefined()
  expect(jobs.unfinished('key-a')).toBeUndefined()
})

test('unfinished is correct after a list that replaces missed events', async () => {
  const { cluster, jobs } = await startJobs()
  createFor(cluster, 'key-1', 'finished')
  createFor(cluster, 'key-2', 'deleted')
  const running = createFor(cluster, 'key-3', 'running')
  await expect.poll(() => jobs.unfinished('key-3')).toEqual(running)
  cluster.faults.cutWatches()
  setStatus(cluster, 'finished', { conditions: [FAILED] })
  cluster.store.remove('jobs', NAMESPACE, 'deleted')
  const second = createFor(cluster, 'key-1', 'second')
  cluster.faults.expireHistory()
  await expect.poll(() => jobs.unfinished('key-1')).toEqual(second)
  expect(jobs.unfinished('key-2')).toBeUndefined()
  expect(jobs.unfinished('key-3')).toEqual(running)
})

test('unfinished returns the other of two running Jobs of one alert when the first ends', async () => {
  const { cluster, jobs } = await startJobs()
  const first = createFor(cluster, 'key', 'a')
  const second = createFor(cluster, 'key', 'b')
  await expect.poll(() => jobs.seen(second)).toBeDefined()
  expect(jobs.unfinished('key')).toEqual(first)
  setStatus(cluster, 'a', { conditions: [COMPLETE] })
  await expect.poll(() => jobs.unfinished('key')).toEqual(second)
  cluster.store.remove('jobs', NAMESPACE, 'b')
  await expect.poll(() => jobs.unfinished('key')).toBeUndefined()
})

async function startJobs(prepare: (cluster: TestCluster) => void = () => {}) {
  const cluster = await startCluster()
  prepare(cluster)
  const watched = watch(cluster.api)
  await watched.jobs.informer.ready
  return { cluster, ...watched }
}

function watch(api: Pick<KubeApi, 'list' | 'watch'>) {
  const ended: string[] = []
  const jobs = watchJobs(api, NAMESPACE, (runId) => void ended.push(runId), { log: silent })
  onTestFinished(() => jobs.informer.stop())
  return { jobs, ended }
}

function create({ store }: DevCluster, name: string, runId: string, status: object = {}) {
  const { metadata } = store.create('jobs', stored('Job', name, { labels: { [LABEL.runId]: runId } }, { status }))
  return makeJobRef({ name, uid: metadata.uid, createdAt: Date.parse(metadata.creationTimestamp) })
}

/** Creates a running Job for an alert. */
function createFor({ store }: DevCluster, alertKey: string, name: string) {
  const metadata = { labels: { [LABEL.runId]: `run-${name}` }, annotations: { 'opifer.io/alert-key': alertKey } }
  const { uid, creationTimestamp } = store.create('jobs', stored('Job', name, metadata)).metadata
  return makeJobRef({ name, uid, createdAt: Date.parse(creationTimestamp) })
}

function setStatus({ store }: DevCluster, name: string, status: object): void {
  store.mutate('jobs', NAMESPACE, name, (draft) => void (draft['status'] = status))
}

function deletion(uid: string, resourceVersion: string) {
  return {
    type: 'DELETED',
    object: makeJob({ uid, resourceVersion, labels: { [LABEL.runId]: `run-${uid}` } }),
  } as const
}

function page(items: unknown[]) {
  return { items, resourceVersion: '1' }
}
