/**
 * What Opifer relies on in an API server, tested against the development cluster or the cluster of
 * `OPIFER_TEST_KUBECONFIG`: where the two differ, a test fails. No Job runs.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ApiException,
  BatchV1Api,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1Job,
  type V1Status,
  Watch,
} from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Cluster, provideCluster } from './harness/cluster.ts'

let cluster: Cluster
let folder: string
let access: KubeConfig
let core: CoreV1Api
let batch: BatchV1Api
let namespace: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opifer-api-'))
  cluster = await provideCluster({ folder })
  ;({ namespace } = cluster)
  access = new KubeConfig()
  access.loadFromFile(cluster.kubeconfig)
  core = access.makeApiClient(CoreV1Api)
  batch = access.makeApiClient(BatchV1Api)
})

afterAll(async () => {
  await cluster.stop()
  await rm(folder, { recursive: true })
})

/** A suspended Job, which is the same in every cluster. */
function makeJob(name: string, more: Partial<V1Job['spec']> = {}, labels: Record<string, string> = {}): V1Job {
  const containers = [{ name: 'main', image: 'busybox:stable', command: ['true'] }]
  const template = { spec: { restartPolicy: 'Never', containers } }
  return { metadata: { name, labels }, spec: { suspend: true, template, ...more } }
}

const create = (body: V1Job) => batch.createNamespacedJob({ namespace, body })

async function rejection(call: Promise<unknown>): Promise<[code: number, reason: string | undefined, message: string]> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof ApiException)) throw error
    const { reason, message = '' } = JSON.parse(String(error.body)) as V1Status
    return [error.code, reason, message]
  }
  throw new Error('the call was not rejected')
}

describe('Jobs', () => {
  test('a second Job of the same name is rejected, and the first can be read', async () => {
    const job = await create(makeJob('twice', {}, { 'opifer.io/run-id': 'one' }))
    expect(await rejection(create(makeJob('twice')))).toEqual([
      409,
      'AlreadyExists',
      expect.stringContaining('jobs.batch "twice" already exists'),
    ])
    const found = await batch.readNamespacedJob({ namespace, name: 'twice' })
    expect(found.metadata?.uid).toBe(job.metadata?.uid)
    expect(found.metadata?.labels).toEqual({ 'opifer.io/run-id': 'one' })
  })

  test('a created Job has the defaults of the API server', async () => {
    const { spec } = await create(makeJob('defaults'))
    expect(spec).toMatchObject({ backoffLimit: 6, completions: 1, parallelism: 1, completionMode: 'NonIndexed' })
    expect(spec?.template.metadata?.labels).toMatchObject({ 'job-name': 'defaults' })
    expect(spec?.template.spec).toMatchObject({ restartPolicy: 'Never', terminationGracePeriodSeconds: 30 })
  })

  const containers = [{ name: 'main', image: 'busybox:stable' }]
  test.each<[what: string, job: V1Job, field: string]>([
    ['a name with capitals', makeJob('Capital'), 'metadata.name'],
    ['a name of more than 63 characters', makeJob('x'.repeat(64)), 'spec.template.labels'],
    [
      'restartPolicy Always',
      makeJob('always', { template: { spec: { restartPolicy: 'Always', containers } } }),
      'restartPolicy',
    ],
    [
      'no container',
      makeJob('none', { template: { spec: { restartPolicy: 'Never', containers: [] } } }),
      'spec.template.spec.containers',
    ],
    ['a negative backoffLimit', makeJob('negative', { backoffLimit: -1 }), 'spec.backoffLimit'],
    ['an invalid label value', makeJob('label', {}, { a: 'not a value!' }), 'metadata.labels'],
  ])('a Job with %s is rejected as invalid', async (_, job, field) => {
    expect(await rejection(create(job))).toEqual([422, 'Invalid', expect.stringContaining(field)])
  })

  test('a Job in a missing namespace is rejected', async () => {
    const call = batch.createNamespacedJob({ namespace: 'there-is-none', body: makeJob('nowhere') })
    expect(await rejection(call)).toEqual([404, 'NotFound', expect.stringContaining('there-is-none')])
  })

  test('a Job that was deleted in the background no longer exists', async () => {
    await create(makeJob('deleted'))
    await batch.deleteNamespacedJob({ namespace, name: 'deleted', propagationPolicy: 'Background' })
    await expect
      .poll(async () => (await rejection(batch.readNamespacedJob({ namespace, name: 'deleted' })))[0])
      .toBe(404)
  })
})

describe('lists', () => {
  test('a list comes in pages and contains what its selector matches', async () => {
    const labels = { page: 'yes' }
    for (const name of ['page-a', 'page-b', 'page-c']) await create(makeJob(name, {}, labels))
    const names: (string | undefined)[] = []
    let next: string | undefined
    do {
      const request = { namespace, labelSelector: 'page=yes', limit: 2, ...(next && { _continue: next }) }
      const page = await batch.listNamespacedJob(request)
      expect(page.items.length).toBeLessThanOrEqual(2)
      names.push(...page.items.map(({ metadata }) => metadata?.name))
      // oxlint-disable-next-line no-underscore-dangle -- the client's own name: `continue` is a reserved word
      next = page.metadata?._continue || undefined
    } while (next)
    expect(names).toEqual(['page-a', 'page-b', 'page-c'])
  })
})

describe('watches', () => {
  test('a watch reports in order what was created, changed and deleted since a list, if its selector matches', async () => {
    const { metadata: list } = await core.listNamespacedConfigMap({ namespace })
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'not-watched' } } })
    await core.createNamespacedConfigMap({ namespace, body: makeWatched('1') })
    await core.replaceNamespacedConfigMap({ namespace, name: 'watched', body: makeWatched('2') })
    await core.deleteNamespacedConfigMap({ namespace, name: 'watched' })
    const events = await watchSince(list?.resourceVersion ?? '', 3)
    expect(events).toEqual(['ADDED watched 1', 'MODIFIED watched 2', 'DELETED watched 2'])
  })
})

const makeWatched = (a: string) => ({ metadata: { name: 'watched', labels: { w: '1' } }, data: { a } })

/** Waits for `count` events of ConfigMaps with the label `w`. */
async function watchSince(resourceVersion: string, count: number): Promise<string[]> {
  const events: string[] = []
  const enough = new EventTarget()
  const abort = await new Watch(access).watch(
    `/api/v1/namespaces/${namespace}/configmaps`,
    { resourceVersion, labelSelector: 'w', allowWatchBookmarks: true },
    (type, { metadata, data }: { metadata: { name: string }; data?: Record<string, string> }) => {
      if (type !== 'BOOKMARK') events.push(`${type} ${metadata.name} ${data?.['a']}`)
      if (events.length >= count) enough.dispatchEvent(new Event('enough'))
    },
    () => {},
  )
  onTestFinished(() => abort.abort())
  if (events.length < count) await once(enough, 'enough', { signal: AbortSignal.timeout(10_000) })
  return events
}

describe('Events', () => {
  test('an Event about a ConfigMap is created, and a merge patch increments its count', async () => {
    const involvedObject = { apiVersion: 'v1', kind: 'ConfigMap', name: 'some', namespace }
    const metadata = { name: 'some.1', namespace }
    await core.createNamespacedEvent({ namespace, body: { metadata, involvedObject, type: 'Warning', count: 1 } })
    const patch = { namespace, name: 'some.1', body: { count: 2 } }
    const { count } = await core.patchNamespacedEvent(patch, setHeaderOptions('Content-Type', PatchStrategy.MergePatch))
    expect(count).toBe(2)
  })
})
