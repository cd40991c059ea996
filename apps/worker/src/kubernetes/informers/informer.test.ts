import type { DevCluster, FaultRule } from '@opifer/devcluster'
import { eventually } from '@opifer/testkit'
import { describe, expect, test } from 'vitest'
import { silent, stored } from '../../testing/builders.ts'
import { givenCluster, NAMESPACE, type Test } from '../../testing/cluster.ts'
import { type Script, scriptedApi } from '../../testing/scripted-api.ts'
import { configMapsPath, type ConfigMap, type KubeApi, type WatchEvent } from '../client/api.ts'
import { ApiError } from '../client/errors.ts'
import { Mirror, type MirrorOptions } from './informer.ts'

const collection = { path: configMapsPath(NAMESPACE), labelSelector: 'app=openfero' }
const labels = { app: 'openfero' }

describe.concurrent('against the development cluster', () => {
  test('tells the whole collection first, then every change in order', async (context) => {
    const cluster = await givenCluster(context)
    create(cluster, 'a')
    create(cluster, 'b')
    cluster.store.create('configmaps', stored('ConfigMap', 'without-labels'))
    const { told, ready } = givenMirror(context, cluster.api)
    await ready
    expect(told).toEqual(['list a=0 b=0'])
    change(cluster, 'a', 1)
    cluster.store.remove('configmaps', NAMESPACE, 'b')
    create(cluster, 'c')
    await eventually(() => expect(told.slice(1)).toEqual(['MODIFIED a=1', 'DELETED b=0', 'ADDED c=0']))
    expect(cluster.calls('list', 'configmaps')).toBe(1)
  })

  test.for<FaultRule['fault']>([
    { type: 'status', code: 429 },
    { type: 'status', code: 500 },
    { type: 'status', code: 403 },
    { type: 'status', code: 410 },
    { type: 'cut' },
    { type: 'commit-then-cut' },
  ])('a first list that fails with $type $code is tried again', async (fault, context) => {
    const cluster = await givenCluster(context)
    create(cluster, 'a')
    cluster.faults.add({ verb: 'list', fault, times: 2 })
    const { told, ready } = givenMirror(context, cluster.api)
    await ready
    expect(told).toEqual(['list a=0'])
    expect(cluster.calls('list', 'configmaps')).toBe(3)
  })

  test('what the server asks it to wait, it waits', async (context) => {
    const cluster = await givenCluster(context)
    cluster.faults.add({ verb: 'list', fault: { type: 'status', code: 429, retryAfterSeconds: 1 }, times: 1 })
    const start = performance.now()
    await givenMirror(context, cluster.api).ready
    expect(performance.now() - start).toBeGreaterThanOrEqual(995)
  })

  test.for<{ fault: FaultRule['fault']; lists: number }>([
    { fault: { type: 'status', code: 429, retryAfterSeconds: 0 }, lists: 1 },
    { fault: { type: 'status', code: 500 }, lists: 1 },
    { fault: { type: 'status', code: 403 }, lists: 1 },
    { fault: { type: 'cut' }, lists: 1 },
    { fault: { type: 'status', code: 410 }, lists: 4 },
  ])(
    'a watch that fails with $fault.type $fault.code is opened again, after $lists lists in all',
    async ({ fault, lists }, context) => {
      const cluster = await givenCluster(context)
      cluster.faults.add({ verb: 'watch', fault, times: 3 })
      const { told, ready } = givenMirror(context, cluster.api)
      await ready
      await eventually(() => expect(cluster.faults.list()).toEqual([]))
      create(cluster, 'a')
      await eventually(() => expect(told.join()).toContain('a=0'))
      expect(cluster.calls('list', 'configmaps')).toBe(lists)
    },
  )

  test('watches that are cut lose no change, and none is told twice', async (context) => {
    const cluster = await givenCluster(context)
    create(cluster, 'a')
    const { told, ready } = givenMirror(context, cluster.api)
    await ready
    for (let number = 1; number <= 20; number++) {
      change(cluster, 'a', number)
      if (number % 5 === 0) cluster.faults.cutWatches()
    }
    const want = Array.from({ length: 20 }, (_, index) => `MODIFIED a=${index + 1}`)
    await eventually(() => expect(told).toEqual(['list a=0', ...want]))
    expect(cluster.calls('list', 'configmaps')).toBe(1)
  })

  test('a version that has expired is answered by a new list, which shows what has gone too', async (context) => {
    const cluster = await givenCluster(context)
    create(cluster, 'a')
    const { told, ready } = givenMirror(context, cluster.api)
    await ready
    await eventually(() => expect(cluster.calls('watch', 'configmaps')).toBe(1))
    cluster.faults.cutWatches()
    cluster.store.remove('configmaps', NAMESPACE, 'a')
    create(cluster, 'b')
    cluster.faults.expireHistory()
    await eventually(() => expect(told).toEqual(['list a=0', 'list b=0']))
  })

  test('changes that come twice, or after newer ones, are not told', async (context) => {
    const cluster = await givenCluster(context)
    cluster.faults.add({ verb: 'watch', fault: { type: 'duplicate-events' } })
    cluster.faults.add({ verb: 'watch', fault: { type: 'stale-events' } })
    const { told, ready } = givenMirror(context, cluster.api)
    await ready
    create(cluster, 'a')
    for (let number = 1; number <= 3; number++) change(cluster, 'a', number)
    cluster.store.remove('configmaps', NAMESPACE, 'a')
    create(cluster, 'end')
    await eventually(() => expect(told.at(-1)).toBe('ADDED end=0'))
    expect(told).toEqual([
      'list ',
      'ADDED a=0',
      'MODIFIED a=1',
      'MODIFIED a=2',
      'MODIFIED a=3',
      'DELETED a=3',
      'ADDED end=0',
    ])
  })

  test('a watch that falls silent is given up, and what it kept back is told', async (context) => {
    const cluster = await givenCluster(context)
    cluster.faults.add({ verb: 'watch', fault: { type: 'silent-watch' }, times: 1 })
    const { told, ready } = givenMirror(context, cluster.api, { watchSeconds: 1 })
    await ready
    create(cluster, 'a')
    await eventually(() => expect(told).toEqual(['list ', 'ADDED a=0']), { timeout: 15_000 })
    expect(cluster.calls('watch', 'configmaps')).toBe(2)
  })

  test('the collection is listed anew now and then, though the watch seems well', async (context) => {
    const cluster = await givenCluster(context)
    const { told, ready } = givenMirror(context, cluster.api, { watchSeconds: 1, relistMs: 1 })
    await ready
    await eventually(() => expect(told.length).toBeGreaterThanOrEqual(2))
    expect(cluster.calls('watch', 'configmaps')).toBeLessThanOrEqual(2)
  })

  test.for([
    { what: 'a list is under way', fault: { type: 'latency', milliseconds: 60_000 } as const, verb: 'list' as const },
    {
      what: 'it waits to try again',
      fault: { type: 'status', code: 429, retryAfterSeconds: 60 } as const,
      verb: 'list' as const,
    },
    { what: 'a watch is open', fault: undefined, verb: 'watch' as const },
  ])('stops at once while $what', async ({ fault, verb }, context) => {
    const cluster = await givenCluster(context)
    if (fault) cluster.faults.add({ verb, fault })
    const { mirror } = givenMirror(context, cluster.api)
    // A request that is held up is in no audit log.
    const isUnderWay = () => cluster.faults.list()[0]?.hits === 1 || cluster.calls(verb, 'configmaps') === 1
    await eventually(() => expect(isUnderWay()).toBe(true))
    const start = performance.now()
    await mirror.stop()
    expect(performance.now() - start).toBeLessThan(5_000)
  })
})

describe.concurrent('against a server that behaves as it is told', () => {
  const empty = { items: [], resourceVersion: '1' }

  test.for<{ what: string; script: Script }>([
    { what: 'ends every watch at once', script: { lists: [empty], watches: [{ end: 'close' }] } },
    { what: 'says that every version is too old', script: { lists: [empty], watches: [{ end: gone() }] } },
    { what: 'fails every list', script: { lists: [new Error('down')], watches: [] } },
    {
      what: 'ends every watch after one change',
      script: {
        lists: [empty],
        watches: Array.from({ length: 9 }, (_, at) => ({ events: [added(at + 2)], end: 'close' })),
      },
    },
  ])('one that $what is asked less and less often', async ({ script }, context) => {
    const api = scriptedApi(script)
    const start = performance.now()
    givenMirror(context, api)
    await eventually(() => expect(Math.max(api.lists.length, api.watches.length)).toBe(5))
    // 75, 150, 300 and 600 ms.
    expect(performance.now() - start).toBeGreaterThanOrEqual(1_100)
  })

  test('a watch that lasted makes up for the failures before it', async (context) => {
    let clock = 0
    const api = scriptedApi({
      lists: [empty],
      watches: [
        ...Array.from({ length: 4 }, () => ({ end: new Error('cut') })),
        { events: [added(2)], end: new Error('cut') },
      ],
    })
    const mirror = givenMirror(context, api, {
      now: () => clock,
    })
    mirror.onChange = () => void (clock += 10_000)
    await eventually(() => expect(api.watches).toHaveLength(6))
    const start = performance.now()
    await eventually(() => expect(api.watches).toHaveLength(7), { interval: 1 })
    expect(performance.now() - start).toBeLessThan(1_500)
  })

  test('bookmarks carry the version on, and are not told', async (context) => {
    const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } } as const
    const api = scriptedApi({ lists: [empty], watches: [{ events: [bookmark], end: 'close' }, { end: 'stay' }] })
    const { told } = givenMirror(context, api)
    await eventually(() => expect(api.watches).toEqual(['1', '7']))
    expect(told).toEqual(['list '])
  })

  test('versions are compared as numbers, and where they are none every event is told', async (context) => {
    const events = ['9', '10', '9', 'x', '3'].map(added)
    const api = scriptedApi({ lists: [empty], watches: [{ events, end: 'stay' }] })
    const { told } = givenMirror(context, api)
    await eventually(() => expect(told.slice(1)).toEqual(['ADDED 9', 'ADDED 10', 'ADDED x', 'ADDED 3']))
  })

  test('a listener that fails is told again', async (context) => {
    const api = scriptedApi({ lists: [empty], watches: [{ events: [added(2)], end: 'stay' }] })
    const mirror = givenMirror(context, api)
    mirror.onChange = () => {
      if (api.watches.length === 1) throw new Error('not now')
    }
    await eventually(() => expect(mirror.told).toEqual(['list ', 'ADDED 2']))
    expect(api.watches).toEqual(['1', '1'])
  })

  test('silentFor tells how long ago the server was heard of', async (context) => {
    let clock = 1_000
    const api = scriptedApi({ lists: [new Error('down'), empty], watches: [{ events: [added(2)], end: 'stay' }] })
    const { mirror, ready, told } = givenMirror(context, api, { now: () => clock })
    expect(mirror.silentFor()).toBe(Number.POSITIVE_INFINITY)
    await ready
    await eventually(() => expect(told).toHaveLength(2))
    expect(mirror.silentFor()).toBe(0)
    clock += 5_000
    expect(mirror.silentFor()).toBe(5_000)
  })
})

/** A mirror that writes down what it tells, each object with the number in its data. */
function givenMirror(context: Test, api: Pick<KubeApi, 'list' | 'watch'>, options: Partial<MirrorOptions> = {}) {
  const told: string[] = []
  const hooks = { onChange: () => {} }
  const listener = {
    onList: (items: ConfigMap[]) => void told.push(`list ${items.map(describeItem).join(' ')}`),
    onChange(type: string, item: ConfigMap) {
      hooks.onChange()
      told.push(`${type} ${describeItem(item)}`)
    },
  }
  const mirror = new Mirror<ConfigMap>(api, collection, listener, { log: silent, random: () => 0.5, ...options })
  context.onTestFinished(() => mirror.stop())
  return Object.assign(hooks, { mirror, told, ready: mirror.ready })
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

function gone(): ApiError {
  return new ApiError({ code: 410, reason: 'Expired', message: 'too old' })
}
