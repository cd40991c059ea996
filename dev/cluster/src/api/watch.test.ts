import { eventually } from '@opifer/testkit'
import { describe, expect, it } from 'vitest'
import type { StoreEvent } from '../store/types.ts'
import { configMaps, makeConfigMap, startTestApi } from './testing.ts'

const told = (event: { type: string; object: StoreEvent['object'] } | undefined) => [
  event?.type,
  event?.object.metadata.name,
]

describe('a watch', () => {
  it('tells of changes after the version of a list', async () => {
    const { send, open } = await startTestApi()
    await send('POST', configMaps, { body: makeConfigMap('before') })
    const { body } = await send('GET', configMaps)
    const watch = await open(`${configMaps}?watch=true&resourceVersion=${body.metadata.resourceVersion}`)
    await send('POST', configMaps, { body: makeConfigMap('a') })
    await send('PUT', `${configMaps}/a`, { body: makeConfigMap('a', { key: 'value' }) })
    await send('DELETE', `${configMaps}/a`)
    expect(told(await watch.next())).toEqual(['ADDED', 'a'])
    expect(await watch.next()).toMatchObject({ type: 'MODIFIED', object: { data: { key: 'value' } } })
    const deleted = await watch.next()
    expect(told(deleted)).toEqual(['DELETED', 'a'])
    expect(Number(deleted?.object.metadata.resourceVersion)).toBeGreaterThan(Number(body.metadata.resourceVersion) + 2)
  })

  it('replays what happened since an older version', async () => {
    const { cluster, send, open } = await startTestApi()
    const { resourceVersion } = cluster.store
    for (const name of ['a', 'b']) await send('POST', configMaps, { body: makeConfigMap(name) })
    const watch = await open(`${configMaps}?watch=1&resourceVersion=${resourceVersion}`)
    expect(told(await watch.next())).toEqual(['ADDED', 'a'])
    expect(told(await watch.next())).toEqual(['ADDED', 'b'])
  })

  it.each(['', '&resourceVersion=0'])('begins with the present state when %j names no version', async (version) => {
    const { send, open } = await startTestApi()
    await send('POST', configMaps, { body: makeConfigMap('a') })
    const watch = await open(`${configMaps}?watch=true${version}`)
    expect(told(await watch.next())).toEqual(['ADDED', 'a'])
  })

  it('sends its initial events and marks their end when asked to', async () => {
    const { send, open } = await startTestApi()
    await send('POST', configMaps, { body: makeConfigMap('a') })
    const query = 'watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan'
    const watch = await open(`${configMaps}?${query}`)
    expect(told(await watch.next())).toEqual(['ADDED', 'a'])
    expect(await watch.next()).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    })
  })

  it('ends with 410 as an ERROR event when the version is too old', async () => {
    const { cluster, send, open } = await startTestApi()
    await send('POST', configMaps, { body: makeConfigMap('a') })
    cluster.faults.expireHistory()
    const watch = await open(`${configMaps}?watch=true&resourceVersion=1`)
    expect(watch.code).toBe(200)
    expect(await watch.next()).toMatchObject({
      type: 'ERROR',
      object: { kind: 'Status', code: 410, reason: 'Expired' },
    })
    expect(await watch.next()).toBeUndefined()
  })

  it('is answered 504 when the version is yet to come, and 400 when it is none', async () => {
    const { send } = await startTestApi()
    expect(await send('GET', `${configMaps}?watch=true&resourceVersion=999`)).toMatchObject({ code: 504 })
    expect(await send('GET', `${configMaps}?watch=true&resourceVersion=x`)).toMatchObject({ code: 400 })
    expect(await send('GET', `${configMaps}?watch=true&labelSelector=a+in`)).toMatchObject({ code: 400 })
  })

  it('of one namespace tells nothing of others', async () => {
    const { send, open } = await startTestApi()
    const watch = await open(`${configMaps}?watch=true`)
    await send('POST', '/api/v1/namespaces/kube-system/configmaps', { body: makeConfigMap('elsewhere') })
    await send('POST', configMaps, { body: makeConfigMap('here') })
    expect(told(await watch.next())).toEqual(['ADDED', 'here'])
  })

  it('with a selector tells of objects that begin and cease to match as added and deleted', async () => {
    const { send, open } = await startTestApi()
    const watch = await open(`${configMaps}?watch=true&labelSelector=on`)
    const labels = { on: '' }
    await send('POST', configMaps, { body: makeConfigMap('a') })
    await send('PUT', `${configMaps}/a`, { body: makeConfigMap('a', {}, { labels }) })
    await send('PUT', `${configMaps}/a`, { body: makeConfigMap('a', { key: 'value' }, { labels }) })
    await send('PUT', `${configMaps}/a`, { body: makeConfigMap('a') })
    await send('DELETE', `${configMaps}/a`)
    await send('POST', configMaps, { body: makeConfigMap('last', {}, { labels }) })
    const events = []
    for (let count = 0; count < 4; count += 1) events.push(told(await watch.next()))
    expect(events).toEqual([
      ['ADDED', 'a'],
      ['MODIFIED', 'a'],
      ['DELETED', 'a'],
      ['ADDED', 'last'],
    ])
  })

  it('sends bookmarks at their interval, to who allows them', async () => {
    const { cluster, open } = await startTestApi({ bookmarkInterval: 5 })
    const watch = await open(`${configMaps}?watch=true&allowWatchBookmarks=true`)
    expect(await watch.next()).toMatchObject({
      type: 'BOOKMARK',
      object: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { resourceVersion: String(cluster.store.resourceVersion) },
      },
    })
  })

  it('ends by itself after timeoutSeconds', async () => {
    const { open } = await startTestApi()
    const watch = await open(`${configMaps}?watch=true&timeoutSeconds=1`)
    expect(await watch.next()).toBeUndefined()
  })

  it('as a table gives the headings once', async () => {
    const { send, open } = await startTestApi()
    const watch = await open(`${configMaps}?watch=true`, {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    })
    for (const name of ['a', 'b']) await send('POST', configMaps, { body: makeConfigMap(name) })
    const [first, second] = [await watch.next(), await watch.next()]
    expect(first?.object).toMatchObject({
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, {}, {}],
      rows: [{ cells: ['a', 0, '0s'] }],
    })
    expect(second?.object).toMatchObject({ columnDefinitions: [], rows: [{ cells: ['b', 0, '0s'] }] })
  })

  it('is over when its client goes', async () => {
    const { cluster, send, open } = await startTestApi()
    const watch = await open(`${configMaps}?watch=true`)
    const rule = { verb: 'watch', fault: { type: 'duplicate-events' } } as const
    cluster.faults.add(rule)
    watch.close()
    // A watch that is still there is seen by the rule for its events.
    await eventually(async () => {
      const hits = cluster.faults.list()[0]?.hits
      await send('POST', configMaps, { body: makeConfigMap('', {}, { generateName: 'a-' }) })
      expect(cluster.faults.list()[0]?.hits).toBe(hits)
    })
  })
})
