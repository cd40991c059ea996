import type { FaultRule } from '@opifer/devcluster'
import { expect, test } from 'vitest'
import { makeJobRef, silent, stored } from '../testing/builders.ts'
import { startCluster, type TestCluster } from '../testing/cluster.ts'
import { readFailure } from './failure.ts'

const JOB = makeJobRef({ name: 'cleanup' })

test('reads the exit code and last log lines of a failed container', async () => {
  const cluster = await startCluster()
  const pod = givenPod(cluster, 'pod-1', { main: exited(3, 'Error') })
  write(cluster, pod, 'main', 'one\n'.repeat(30), 'the disk is full: ✗\n')
  expect(await readFailure(JOB, { api: cluster.api, log: silent })).toEqual({
    exits: [{ pod: 'pod-1', container: 'main', exitCode: 3, reason: 'Error' }],
    log: `${'one\n'.repeat(19)}the disk is full: ✗`,
  })
})

test('lists the failures of all pods, oldest first, with the log of the last', async () => {
  const cluster = await startCluster()
  const second = givenPod(cluster, 'pod-a', { main: exited(2, 'Error', '2026-11-23T04:00:20Z') })
  const first = givenPod(cluster, 'pod-b', { main: exited(137, 'OOMKilled', '2026-11-23T04:00:10Z') })
  write(cluster, first, 'main', 'first')
  write(cluster, second, 'main', 'second')
  const { exits, log } = await readFailure(JOB, { api: cluster.api, log: silent })
  expect(exits.map(({ pod, exitCode, reason }) => [pod, exitCode, reason])).toEqual([
    ['pod-b', 137, 'OOMKilled'],
    ['pod-a', 2, 'Error'],
  ])
  expect(log).toBe('second')
})

test('lists failed init containers, but no container that never started or succeeded', async () => {
  const cluster = await startCluster()
  const waiting = { main: { waiting: { reason: 'PodInitializing' } } }
  const pod = givenPod(cluster, 'pod-1', waiting, { init: { download: exited(0), unpack: exited(1) } })
  write(cluster, pod, 'unpack', 'no such archive')
  expect(await readFailure(JOB, { api: cluster.api, log: silent })).toEqual({
    exits: [{ pod: 'pod-1', container: 'unpack', exitCode: 1 }],
    log: 'no such archive',
  })
})

test('keeps the end of very long lines', async () => {
  const cluster = await startCluster()
  const pod = givenPod(cluster, 'pod-1', { main: exited(1) })
  write(cluster, pod, 'main', `${'x'.repeat(3_000)}\n`.repeat(10), 'the reason\n')
  const { log = '' } = await readFailure(JOB, { api: cluster.api, log: silent })
  expect(log).toHaveLength(8 * 1024)
  expect(log.endsWith('x\nthe reason')).toBe(true)
})

test.each<{ what: string; rule?: FaultRule }>([
  {
    what: 'the worker may not read logs',
    rule: { resource: 'pods', subresource: 'log', fault: { type: 'status', code: 403 } },
  },
  { what: 'the log breaks off', rule: { resource: 'pods', subresource: 'log', fault: { type: 'cut' } } },
  { what: 'the log was deleted' },
])('reads exit codes although $what', async ({ rule }) => {
  const cluster = await startCluster()
  givenPod(cluster, 'pod-1', { main: exited(3) })
  if (rule) cluster.faults.add(rule)
  expect(await readFailure(JOB, { api: cluster.api, log: silent })).toEqual({
    exits: [{ pod: 'pod-1', container: 'main', exitCode: 3 }],
  })
})

test('an empty log is left out', async () => {
  const cluster = await startCluster()
  write(cluster, givenPod(cluster, 'pod-1', { main: exited(3) }), 'main', '')
  expect(await readFailure(JOB, { api: cluster.api, log: silent })).not.toHaveProperty('log')
})

test("finds nothing when pods are deleted, belong to another Job or can't be read", async () => {
  const cluster = await startCluster()
  givenPod(cluster, 'pod-1', { main: exited(3) }, { jobName: 'another-job' })
  expect(await readFailure(JOB, { api: cluster.api, log: silent })).toEqual({ exits: [] })
  cluster.faults.add({ verb: 'list', resource: 'pods', fault: { type: 'status', code: 500 } })
  expect(await readFailure(JOB, { api: cluster.api, log: silent })).toEqual({ exits: [] })
})

function exited(exitCode: number, reason?: string, finishedAt = '2026-11-23T04:00:00Z') {
  return { terminated: { exitCode, finishedAt, ...(reason && { reason }) } }
}

type States = Record<string, object>

interface PodStates {
  init?: States
  jobName?: string
}

/** Returns the pod's uid. */
function givenPod(
  { store }: TestCluster,
  name: string,
  main: States,
  { init = {}, jobName = JOB.name }: PodStates = {},
) {
  const spec = { containers: containersOf(main), initContainers: containersOf(init) }
  const status = { containerStatuses: statusesOf(main), initContainerStatuses: statusesOf(init) }
  const labels = { 'batch.kubernetes.io/job-name': jobName }
  return store.create('pods', stored('Pod', name, { labels }, { spec, status })).metadata.uid
}

function containersOf(states: States) {
  return Object.keys(states).map((name) => ({ name, image: 'busybox' }))
}

function statusesOf(states: States) {
  return Object.entries(states).map(([name, state]) => ({ name, state }))
}

function write({ logs }: TestCluster, podUid: string, container: string, ...texts: string[]): void {
  for (const text of texts) logs.append(podUid, container, Buffer.from(text))
}
