/**
 * What Opifer relies on in an API server, asked of the development cluster, or of the one that `OPIFER_TEST_KUBECONFIG`
 * leads to: where the two differ, one of these fails. No Job is run.
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
import { eventually } from '@opifer/testkit'
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

/** A Job that waits for somebody to let it begin, so that it is the same wherever it is made. */
function makeJob(name: string, more: Partial<V1Job['spec']> = {}, labels: Record<string, string> = {}): V1Job {
  const containers = [{ name: 'main', image: 'busybox:stable', command: ['true'] }]
  const template = { spec: { restartPolicy: 'Never', containers } }
  return { metadata: { name, labels }, spec: { suspend: true, template, ...more } }
}

const create = (body: V1Job) => batch.createNamespacedJob({ namespace, body })

async function refusal(call: Promise<unknown>): Promise<[code: number, reason: string | undefined, message: string]> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof ApiException)) throw error
    const { reason, message = '' } = JSON.parse(String(error.body)) as V1Status
    return [error.code, reason, message]
  }
  throw new Error('nothing was refused')
}

describe('a Job that is created', () => {
  test('a second time is refused by its name, and can be read back', async () => {
    const job = await create(makeJob('twice', {}, { 'opifer.io/run-id': 'one' }))
    expect(await refusal(create(makeJob('twice')))).toEqual([
      409,
      'AlreadyExists',
      expect.stringContaining('jobs.batch "twice" already exists'),
    ])
    const found = await batch.readNamespacedJob({ namespace, name: 'twice' })
    expect(found.metadata?.uid).toBe(job.metadata?.uid)
    expect(found.metadata?.labels).toEqual({ 'opifer.io/run-id': 'one' })
  })

  test('has the defaults of the API server in it', async () => {
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
    ['a label value that is none', makeJob('label', {}, { a: 'not a value!' }), 'metadata.labels'],
  ])('is refused for good with %s', async (_, job, field) => {
    expect(await refusal(create(job))).toEqual([422, 'Invalid', expect.stringContaining(field)])
  })

  test('is refused where there is no such namespace', async () => {
    const call = batch.createNamespacedJob({ namespace: 'there-is-none', body: makeJob('nowhere') })
    expect(await refusal(call)).toEqual([404, 'NotFound', expect.stringContaining('there-is-none')])
  })

  test('and deleted in the background is gone', async () => {
    await create(makeJob('deleted'))
    await batch.deleteNamespacedJob({ namespace, name: 'deleted', propagationPolicy: 'Background' })
    await eventually(async () =>
      expect((await refusal(batch.readNamespacedJob({ namespace, name: 'deleted' })))[0]).toBe(404),
    )
  })
})

describe('a list', () => {
  test('comes in pages, and holds what its selector selects', async () => {
    const labels = { page: 'yes' }
    for (const name of ['page-a', 'page-b', 'page-c']) await create(makeJob(name, {}, labels))
    const names: (string | undefined)[] = []
    let next: string | undefined
    do {
      const request = { namespace, labelSelector: 'page=yes', limit: 2, ...(next && { _continue: next }) }
      const page = await batch.listNamespacedJob(request)
      expect(page.items.length).toBeLessThanOrEqual(2)
      names.push(...page.items.map(({ metadata }) => metadata?.name))
      // oxlint-disable-next-line no-underscore-dangle -- the client's own name: `continue` is a word of the language
      next = page.metadata?._continue || undefined
    } while (next)
    expect(names).toEqual(['page-a', 'page-b', 'page-c'])
  })
})

describe('a watch', () => {
  test('tells what was created, changed and deleted since a list, in this order, to those whose selector matches', async () => {
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

/** So many events of ConfigMaps with the label `w`. */
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

describe('an Event', () => {
  test('about a ConfigMap is created, and counts on by a merge patch', async () => {
    const involvedObject = { apiVersion: 'v1', kind: 'ConfigMap', name: 'some', namespace }
    const metadata = { name: 'some.1', namespace }
    await core.createNamespacedEvent({ namespace, body: { metadata, involvedObject, type: 'Warning', count: 1 } })
    const patch = { namespace, name: 'some.1', body: { count: 2 } }
    const { count } = await core.patchNamespacedEvent(patch, setHeaderOptions('Content-Type', PatchStrategy.MergePatch))
    expect(count).toBe(2)
  })
})
