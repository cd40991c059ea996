import { expect, test } from 'vitest'
import { configMaps, makeConfigMap, startTestApi, type WatchEvent } from '../testing/api.ts'

const brief = (event: WatchEvent | undefined) => `${event?.type} ${event?.object.metadata.name}`

test('a watch sends the changes after the version of a list', async () => {
  const { send, open } = await startTestApi()
  await send('POST', configMaps, { body: makeConfigMap('before') })
  const { body } = await send('GET', configMaps)
  const { resourceVersion } = body.metadata
  await send('POST', configMaps, { body: makeConfigMap('a') })
  const watch = await open(`${configMaps}?watch=true&resourceVersion=${resourceVersion}`)
  await send('PUT', `${configMaps}/a`, { body: makeConfigMap('a', { key: 'value' }) })
  await send('DELETE', `${configMaps}/a`)
  expect(brief(await watch.next())).toBe('ADDED a')
  expect(await watch.next()).toMatchObject({ type: 'MODIFIED', object: { data: { key: 'value' } } })
  const deleted = await watch.next()
  expect(brief(deleted)).toBe('DELETED a')
  expect(Number(deleted?.object.metadata.resourceVersion)).toBe(Number(resourceVersion) + 3)
})

test.each(['', '&resourceVersion=0'])('a watch with %j starts with the present state', async (version) => {
  const { send, open } = await startTestApi()
  await send('POST', configMaps, { body: makeConfigMap('a') })
  const watch = await open(`${configMaps}?watch=true${version}`)
  expect(brief(await watch.next())).toBe('ADDED a')
})

test('a watch sends initial events and marks their end on request', async () => {
  const { send, open } = await startTestApi()
  await send('POST', configMaps, { body: makeConfigMap('a') })
  const watch = await open(`${configMaps}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true`)
  expect(brief(await watch.next())).toBe('ADDED a')
  const annotations = { 'k8s.io/initial-events-end': 'true' }
  expect(await watch.next()).toMatchObject({ type: 'BOOKMARK', object: { metadata: { annotations } } })
})

test('a watch from an expired version ends with 410 as an ERROR event', async () => {
  const { cluster, send, open } = await startTestApi()
  await send('POST', configMaps, { body: makeConfigMap('a') })
  cluster.faults.expireHistory()
  const watch = await open(`${configMaps}?watch=true&resourceVersion=1`)
  expect(watch.code).toBe(200)
  expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
  expect(await watch.next()).toBeUndefined()
})

test('a watch from a future version gets 504', async () => {
  const { send } = await startTestApi()
  expect(await send('GET', `${configMaps}?watch=true&resourceVersion=999`)).toMatchObject({ code: 504 })
})

test('a watch of one namespace sends nothing of others', async () => {
  const { send, open } = await startTestApi()
  const watch = await open(`${configMaps}?watch=true`)
  await send('POST', '/api/v1/namespaces/kube-system/configmaps', { body: makeConfigMap('elsewhere') })
  await send('POST', configMaps, { body: makeConfigMap('here') })
  expect(brief(await watch.next())).toBe('ADDED here')
})

test('a watch with a selector adds and deletes objects that start and stop matching', async () => {
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
  for (let count = 0; count < 4; count += 1) events.push(brief(await watch.next()))
  expect(events).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED last'])
})

test('a watch sends bookmarks with the newest version if the client allows them', async () => {
  const { cluster, open } = await startTestApi({ bookmarkInterval: 5 })
  const watch = await open(`${configMaps}?watch=true&allowWatchBookmarks=true`)
  const metadata = { resourceVersion: String(cluster.store.resourceVersion) }
  expect(await watch.next()).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap', metadata } })
})

test('a watch ends after its timeoutSeconds', async () => {
  const { open } = await startTestApi()
  const watch = await open(`${configMaps}?watch=true&timeoutSeconds=1`)
  expect(await watch.next()).toBeUndefined()
})
