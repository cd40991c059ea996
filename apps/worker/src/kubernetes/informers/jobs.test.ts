import { LABEL } from '@opifer/core'
import type { DevCluster } from '@opifer/devcluster'
import { eventually } from '@opifer/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { COMPLETE, FAILED, makeJob, makeJobRef, silent, stored } from '../../testing/builders.ts'
import { givenCluster, NAMESPACE, type TestCluster } from '../../testing/cluster.ts'
import { scriptedApi } from '../../testing/scripted-api.ts'
import type { KubeApi } from '../client/api.ts'
import { ApiError } from '../client/errors.ts'
import { watchJobs } from './jobs.ts'

test('a Job is running until a condition says that it has ended, and its run is told of that once', async () => {
  const { cluster, jobs, ended } = await given()
  const job = create(cluster, 'a', 'run-a')
  await eventually(() => expect(jobs.seen(job)).toEqual({ state: 'running' }))
  setStatus(cluster, 'a', { failed: 1 })
  setStatus(cluster, 'a', { conditions: [{ ...COMPLETE, status: 'False' }] })
  setStatus(cluster, 'a', { conditions: [FAILED] })
  setStatus(cluster, 'a', { conditions: [FAILED], failed: 2 })
  cluster.store.remove('jobs', NAMESPACE, 'a')
  create(cluster, 'end', 'run-end', { conditions: [COMPLETE] })
  await eventually(() => expect(ended).toContain('run-end'))
  expect(ended).toEqual(['run-a', 'run-end'])
  expect(jobs.seen(job)).toEqual({ state: 'failed', reason: 'BackoffLimitExceeded', message: 'too often' })
})

test('a Job that goes while it runs is gone, one that goes after its end is still known to have ended', async () => {
  const { cluster, jobs, ended } = await given()
  const running = create(cluster, 'running', 'run-1')
  const finished = create(cluster, 'finished', 'run-2', { conditions: [COMPLETE] })
  await eventually(() => expect(jobs.seen(finished)).toEqual({ state: 'succeeded' }))
  cluster.store.remove('jobs', NAMESPACE, 'running')
  cluster.store.remove('jobs', NAMESPACE, 'finished')
  await eventually(() => expect(jobs.seen(running)).toEqual({ state: 'gone' }))
  expect(jobs.seen(finished)).toEqual({ state: 'succeeded' })
  expect(ended.sort()).toEqual(['run-1', 'run-2'])
})

test('what ended or went while nobody watched is told by the next list', async () => {
  const { cluster, jobs, ended } = await given()
  const finished = create(cluster, 'finished', 'run-1')
  const gone = create(cluster, 'gone', 'run-2')
  const running = create(cluster, 'running', 'run-3')
  await eventually(() => expect(jobs.seen(running)).toBeDefined())
  cluster.faults.cutWatches()
  setStatus(cluster, 'finished', { conditions: [COMPLETE] })
  cluster.store.remove('jobs', NAMESPACE, 'gone')
  cluster.faults.expireHistory()
  await eventually(() => expect(ended.sort()).toEqual(['run-1', 'run-2']))
  expect([finished, gone, running].map((job) => jobs.seen(job)?.state)).toEqual(['succeeded', 'gone', 'running'])
})

test('Jobs that had ended before the first list wake their runs as well', async () => {
  const { ended } = await given((cluster) => void create(cluster, 'a', 'run-a', { conditions: [COMPLETE] }))
  expect(ended).toEqual(['run-a'])
})

test('a new Job under the name of one that went is another Job', async () => {
  const { cluster, jobs } = await given()
  const first = create(cluster, 'a', 'run-1')
  cluster.store.remove('jobs', NAMESPACE, 'a')
  const second = create(cluster, 'a', 'run-2')
  await eventually(() => expect(jobs.seen(second)).toEqual({ state: 'running' }))
  expect(jobs.seen(first)).toEqual({ state: 'gone' })
})

test('runs that have adopted a Job are told of its end with the run that it was made for', async () => {
  const { cluster, jobs, ended } = await given()
  const job = create(cluster, 'a', 'run-a')
  jobs.adopt(job, 'run-b')
  jobs.adopt(job, 'run-c')
  setStatus(cluster, 'a', { conditions: [COMPLETE] })
  await eventually(() => expect(ended).toEqual(['run-a', 'run-b', 'run-c']))
})

test('a run that adopts a Job that has gone is not kept, since nothing more will be told of that', async () => {
  const api = scriptedApi({
    lists: [page([makeJob({ uid: 'a', labels: { [LABEL.runId]: 'run-a' } })])],
    watches: [
      { events: [deletion('a', '2')], end: 'close' },
      { events: [deletion('a', '3')], end: 'stay' },
    ],
  })
  const { jobs, ended } = watch(api)
  await eventually(() => expect(ended).toEqual(['run-a']))
  jobs.adopt(makeJobRef({ uid: 'a' }), 'run-b')
  await eventually(() => expect(ended.length).toBeGreaterThan(1))
  expect(ended).toEqual(['run-a', 'run-a'])
  expect(jobs.seen(makeJobRef({ uid: 'a' }))).toEqual({ state: 'gone' })
})

test('the Job that was made for a run is known by the run, also when it is gone', async () => {
  const { cluster, jobs } = await given()
  const { createdAt: _, ...job } = create(cluster, 'a', 'run-a')
  await eventually(() => expect(jobs.of('run-a')).toEqual(job))
  cluster.store.remove('jobs', NAMESPACE, 'a')
  await eventually(() => expect(jobs.seen(makeJobRef(job))).toEqual({ state: 'gone' }))
  expect(jobs.of('run-a')).toEqual(job)
  expect(jobs.of('run-b')).toBeUndefined()
})

test('Jobs without the run label are none of ours', async () => {
  const { cluster, jobs, ended } = await given()
  const { metadata } = cluster.store.create('jobs', stored('Job', 'other', {}, { status: { conditions: [COMPLETE] } }))
  create(cluster, 'end', 'run-end', { conditions: [COMPLETE] })
  await eventually(() => expect(ended).toEqual(['run-end']))
  expect(jobs.seen(makeJobRef({ uid: metadata.uid }))).toBeUndefined()
})

test('of the Jobs that have gone only so many are remembered', async () => {
  const all = Array.from({ length: 10_001 }, (_, number) =>
    makeJob({ uid: `uid-${number}`, labels: { [LABEL.runId]: `run-${number}` } }),
  )
  const expired = new ApiError({ code: 410, reason: 'Expired', message: 'too old' })
  const { jobs, ended } = watch(
    scriptedApi({ lists: [page(all), page([])], watches: [{ end: expired }, { end: 'stay' }] }),
  )
  await eventually(() => expect(ended).toHaveLength(10_001))
  expect(jobs.seen(makeJobRef({ uid: 'uid-0' }))).toBeUndefined()
  expect(jobs.seen(makeJobRef({ uid: 'uid-1' }))).toEqual({ state: 'gone' })
  expect(jobs.seen(makeJobRef({ uid: 'uid-10000' }))).toEqual({ state: 'gone' })
  expect(jobs.of('run-0')).toBeUndefined()
  expect(jobs.of('run-1')).toMatchObject({ uid: 'uid-1' })
})

async function given(prepare: (cluster: TestCluster) => void = () => {}) {
  const cluster = await givenCluster()
  prepare(cluster)
  const watched = watch(cluster.api)
  await watched.jobs.mirror.ready
  return { cluster, ...watched }
}

function watch(api: Pick<KubeApi, 'list' | 'watch'>) {
  const ended: string[] = []
  const jobs = watchJobs(api, NAMESPACE, (runId) => void ended.push(runId), { log: silent })
  onTestFinished(() => jobs.mirror.stop())
  return { jobs, ended }
}

function create({ store }: DevCluster, name: string, runId: string, status: object = {}) {
  const { metadata } = store.create('jobs', stored('Job', name, { labels: { [LABEL.runId]: runId } }, { status }))
  return makeJobRef({ name, uid: metadata.uid })
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
