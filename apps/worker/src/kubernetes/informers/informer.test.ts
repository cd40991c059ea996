import type { DevCluster, FaultRule } from '@opifer/devcluster'
import { PATIENCE } from '@opifer/testkit'
import { describe, expect, test, vi } from 'vitest'
import { silent, stored } from '../../testing/builders.ts'
import { NAMESPACE, startCluster, type Test } from '../../testing/cluster.ts'
import { type Script, scriptedApi } from '../../testing/scripted-api.ts'
import { configMapsPath, type ConfigMap, type KubeApi, type WatchEvent } from '../client/api.ts'
import { ApiError } from '../client/errors.ts'
import { Informer, type InformerOptions } from './informer.ts'

const collection = { path: configMapsPath(NAMESPACE), labelSelector: 'app=openfero' }
const labels = { app: 'openfero' }

describe.concurrent('against the development cluster', () => {
  test('the handler receives the whole collection, then every change in order', async (context) => {
    const cluster = await startCluster(context)
    create(cluster, 'a')
    create(cluster, 'b')
    cluster.store.create('configmaps', stored('ConfigMap', 'without-labels'))
    const { received, ready } = startInformer(context, cluster.api)
    await ready
    expect(received).toEqual(['list a=0 b=0'])
    change(cluster, 'a', 1)
    cluster.store.remove('configmaps', NAMESPACE, 'b')
    create(cluster, 'c')
    await vi.waitFor(
      async () => expect(received.slice(1)).toEqual(['MODIFIED a=1', 'DELETED b=0', 'ADDED c=0']),
      PATIENCE,
    )
    expect(cluster.calls('list', 'configmaps')).toBe(1)
  })

  test.for<FaultRule['fault']>([
    { type: 'status', code: 429 },
    { type: 'status', code: 500 },
    { type: 'status', code: 403 },
    { type: 'status', code: 410 },
    { type: 'cut' },
    { type: 'commit-then-cut' },
  ])('a first list that fails with $type $code is retried', async (fault, context) => {
    const cluster = await startCluster(context)
    create(cluster, 'a')
    cluster.faults.add({ verb: 'list', fault, times: 2 })
    const { received, ready } = startInformer(context, cluster.api)
    await ready
    expect(received).toEqual(['list a=0'])
    expect(cluster.calls('list', 'configmaps')).toBe(3)
  })

  test('the informer waits as long as Retry-After asks', async (context) => {
    const cluster = await startCluster(context)
    cluster.faults.add({ verb: 'list', fault: { type: 'status', code: 429, retryAfterSeconds: 1 }, times: 1 })
    const start = performance.now()
    await startInformer(context, cluster.api).ready
    expect(performance.now() - start).toBeGreaterThanOrEqual(995)
  })

  test.for<{ fault: FaultRule['fault']; lists: number }>([
    { fault: { type: 'status', code: 429, retryAfterSeconds: 0 }, lists: 1 },
    { fault: { type: 'status', code: 500 }, lists: 1 },
    { fault: { type: 'status', code: 403 }, lists: 1 },
    { fault: { type: 'cut' }, lists: 1 },
    { fault: { type: 'status', code: 410 }, lists: 4 },
  ])(
    'a watch that fails with $fault.type $fault.code is reopened after $lists lists in total',
    async ({ fault, lists }, context) => {
      const cluster = await startCluster(context)
      cluster.faults.add({ verb: 'watch', fault, times: 3 })
      const { received, ready } = startInformer(context, cluster.api)
      await ready
      await vi.waitFor(async () => expect(cluster.faults.list()).toEqual([]), PATIENCE)
      create(cluster, 'a')
      await vi.waitFor(async () => expect(received.join()).toContain('a=0'), PATIENCE)
      expect(cluster.calls('list', 'configmaps')).toBe(lists)
    },
  )

  test('cut watches neither lose nor repeat a change', async (context) => {
    const cluster = await startCluster(context)
    create(cluster, 'a')
    const { received, ready } = startInformer(context, cluster.api)
    await ready
    for (let number = 1; number <= 20; number++) {
      change(cluster, 'a', number)
      if (number % 5 === 0) cluster.faults.cutWatches()
    }
    const want = Array.from({ length: 20 }, (_, index) => `MODIFIED a=${index + 1}`)
    await vi.waitFor(async () => expect(received).toEqual(['list a=0', ...want]), PATIENCE)
    expect(cluster.calls('list', 'configmaps')).toBe(1)
  })

  test('an expired version leads to a new list, without the deleted objects', async (context) => {
    const cluster = await startCluster(context)
    create(cluster, 'a')
    const { received, ready } = startInformer(context, cluster.api)
    await ready
    await vi.waitFor(async () => expect(cluster.calls('watch', 'configmaps')).toBe(1), PATIENCE)
    cluster.faults.cutWatches()
    cluster.store.remove('configmaps', NAMESPACE, 'a')
    create(cluster, 'b')
    cluster.faults.expireHistory()
    await vi.waitFor(async () => expect(received).toEqual(['list a=0', 'list b=0']), PATIENCE)
  })

  test('duplicate and stale events are dropped', async (context) => {
    const cluster = await startCluster(context)
    cluster.faults.add({ verb: 'watch', fault: { type: 'duplicate-events' } })
    cluster.faults.add({ verb: 'watch', fault: { type: 'stale-events' } })
    const { received, ready } = startInformer(context, cluster.api)
    await ready
    create(cluster, 'a')
    for (let number = 1; number <= 3; number++) change(cluster, 'a', number)
    cluster.store.remove('configmaps', NAMESPACE, 'a')
    create(cluster, 'end')
    await vi.waitFor(async () => expect(received.at(-1)).toBe('ADDED end=0'), PATIENCE)
    expect(received).toEqual([
      'list ',
      'ADDED a=0',
      'MODIFIED a=1',
      'MODIFIED a=2',
      'MODIFIED a=3',
      'DELETED a=3',
      'ADDED end=0',
    ])
  })

  test('a silent watch is replaced, and its missing events are delivered', async (context) => {
    const cluster = await startCluster(context)
    cluster.faults.add({ verb: 'watch', fault: { type: 'silent-watch' }, times: 1 })
    const { received, ready } = startInformer(context, cluster.api, { watchSeconds: 1 })
    await ready
    create(cluster, 'a')
    await vi.waitFor(async () => expect(received).toEqual(['list ', 'ADDED a=0']), {
      ...PATIENCE,
      timeout: 15_000,
    })
    expect(cluster.calls('watch', 'configmaps')).toBe(2)
  })

  test('the collection is relisted regularly while the watch works', async (context) => {
    const cluster = await startCluster(context)
    const { received, ready } = startInformer(context, cluster.api, { watchSeconds: 1, relistMs: 1 })
    await ready
    await vi.waitFor(async () => expect(received.length).toBeGreaterThanOrEqual(2), PATIENCE)
    expect(cluster.calls('watch', 'configmaps')).toBeLessThanOrEqual(2)
  })

  test.for([
    { what: 'a list is in progress', fault: { type: 'latency', milliseconds: 60_000 } as const, verb: 'list' as const },
    {
      what: 'it waits before a retry',
      fault: { type: 'status', code: 429, retryAfterSeconds: 60 } as const,
      verb: 'list' as const,
    },
    { what: 'a watch is open', fault: undefined, verb: 'watch' as const },
  ])('the informer stops at once while $what', async ({ fault, verb }, context) => {
    const cluster = await startCluster(context)
    if (fault) cluster.faults.add({ verb, fault })
    const { informer } = startInformer(context, cluster.api)
    // The audit log does not have a request that is still delayed.
    const isInProgress = () => cluster.faults.list()[0]?.hits === 1 || cluster.calls(verb, 'configmaps') === 1
    await vi.waitFor(() => expect(isInProgress()).toBe(true), PATIENCE)
    const start = performance.now()
    await informer.stop()
    expect(performance.now() - start).toBeLessThan(5_000)
  })
})

describe.concurrent('against a scripted server', () => {
  const empty = { items: [], resourceVersion: '1' }

  test.for<{ what: string; script: Script }>([
    { what: 'ends every watch at once', script: { lists: [empty], watches: [{ end: 'close' }] } },
    { what: 'answers every watch with 410', script: { lists: [empty], watches: [{ end: expired() }] } },
    { what: 'fails every list', script: { lists: [new Error('down')], watches: [] } },
    {
      what: 'ends every watch after one change',
      script: {
        lists: [empty],
        watches: Array.from({ length: 9 }, (_, at) => ({ events: [added(at + 2)], end: 'close' })),
      },
    },
  ])('a server that $what is called less and less often', async ({ script }, context) => {
    const api = scriptedApi(script)
    const start = performance.now()
    startInformer(context, api)
    await vi.waitFor(() => expect(Math.max(api.lists.length, api.watches.length)).toBe(5), PATIENCE)
    // 75, 150, 300 and 600 ms.
    expect(performance.now() - start).toBeGreaterThanOrEqual(1_100)
  })

  test('a watch that lasted resets the backoff', async (context) => {
    let clock = 0
    const api = scriptedApi({
      lists: [empty],
      watches: [
        ...Array.from({ length: 4 }, () => ({ end: new Error('cut') })),
        { events: [added(2)], end: new Error('cut') },
      ],
    })
    const started = startInformer(context, api, { now: () => clock })
    started.onEvent = () => void (clock += 10_000)
    await vi.waitFor(() => expect(api.watches).toHaveLength(6), PATIENCE)
    const start = performance.now()
    await vi.waitFor(() => expect(api.watches).toHaveLength(7), { ...PATIENCE, interval: 1 })
    expect(performance.now() - start).toBeLessThan(1_500)
  })

  test('bookmarks advance the version and are not passed to the handler', async (context) => {
    const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } } as const
    const api = scriptedApi({ lists: [empty], watches: [{ events: [bookmark], end: 'close' }, { end: 'stay' }] })
    const { received } = startInformer(context, api)
    await vi.waitFor(() => expect(api.watches).toEqual(['1', '7']), PATIENCE)
    expect(received).toEqual(['list '])
  })

  test('versions are compared as numbers; events with other versions are always delivered', async (context) => {
    const events = ['9', '10', '9', 'x', '3'].map(added)
    const api = scriptedApi({ lists: [empty], watches: [{ events, end: 'stay' }] })
    const { received } = startInformer(context, api)
    await vi.waitFor(
      async () => expect(received.slice(1)).toEqual(['ADDED 9', 'ADDED 10', 'ADDED x', 'ADDED 3']),
      PATIENCE,
    )
  })

  test('an event is delivered again after the handler threw', async (context) => {
    const api = scriptedApi({ lists: [empty], watches: [{ events: [added(2)], end: 'stay' }] })
    const started = startInformer(context, api)
    started.onEvent = () => {
      if (api.watches.length === 1) throw new Error('not now')
    }
    await vi.waitFor(() => expect(started.received).toEqual(['list ', 'ADDED 2']), PATIENCE)
    expect(api.watches).toEqual(['1', '1'])
  })

  test('lastEventAge returns the time since the last event', async (context) => {
    let clock = 1_000
    const api = scriptedApi({ lists: [new Error('down'), empty], watches: [{ events: [added(2)], end: 'stay' }] })
    const { informer, ready, received } = startInformer(context, api, { now: () => clock })
    expect(informer.lastEventAge()).toBe(Number.POSITIVE_INFINITY)
    await ready
    await vi.waitFor(async () => expect(received).toHaveLength(2), PATIENCE)
    expect(informer.lastEventAge()).toBe(0)
    clock += 5_000
    expect(informer.lastEventAge()).toBe(5_000)
  })
})

/** Starts an informer and records what its handler receives: each object with the number in its data. */
function startInformer(context: Test, api: Pick<KubeApi, 'list' | 'watch'>, options: Partial<InformerOptions> = {}) {
  const received: string[] = []
  const hooks = { onEvent: () => {} }
  const handler = {
    onList: (items: ConfigMap[]) => void received.push(`list ${items.map(describeItem).join(' ')}`),
    onEvent(type: string, item: ConfigMap) {
      hooks.onEvent()
      received.push(`${type} ${describeItem(item)}`)
    },
  }
  const informer = new Informer<ConfigMap>(api, collection, handler, { log: silent, random: () => 0.5, ...options })
  context.onTestFinished(() => informer.stop())
  return Object.assign(hooks, { informer, received, ready: informer.ready })
}

function describeItem({ metadata, data }: ConfigMap): string {
  return data ? `${metadata.name}=${data['number']}` : metadata.name
}

function create({ store }: DevCluster, name: string): void {
  store.create('configmaps', stored('ConfigMap', name, { labels }, { data: { number: '0' } }))
}

function change({ store }: DevCluster, name: string, number: number): void {
  store.mutate('configmaps', NAMESPACE, name, (draft) => void (draft['data'] = { number: String(number) }))
}

function added(version: number | string): WatchEvent<unknown> {
  return { type: 'ADDED', object: { metadata: { name: String(version), resourceVersion: String(version) } } }
}

function expired(): ApiError {
  return new ApiError({ code: 410, reason: 'Expired', message: 'too old' })
}
