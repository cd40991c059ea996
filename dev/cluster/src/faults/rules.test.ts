import { expect, test } from 'vitest'
import { configMaps, makeConfigMap, startTestApi } from '../testing/api.ts'
import type { Fault } from './rules.ts'

const fault: Fault = { type: 'status', code: 503 }

test.each([
  [409, 'Conflict'],
  [500, 'InternalError'],
])('a status fault answers %d without doing the work', async (code, reason) => {
  const { cluster, send } = await startTestApi()
  cluster.faults.add({ verb: 'create', fault: { type: 'status', code } })
  const reply = await send('POST', configMaps, { body: makeConfigMap('a') })
  expect(reply).toMatchObject({ code, body: { kind: 'Status', reason, code } })
  expect(cluster.store.list('configmaps')).toEqual([])
})

test('a status fault sends retry-after in the header and in the body', async () => {
  const { cluster, send } = await startTestApi()
  cluster.faults.add({ fault: { type: 'status', code: 429, retryAfterSeconds: 7 } })
  const { headers, body } = await send('GET', configMaps)
  expect([headers['retry-after'], body['details']]).toEqual(['7', { retryAfterSeconds: 7 }])
})

test.each([
  [{}, 503],
  [{ verb: 'get' }, 503],
  [{ verb: 'list' }, 404],
  [{ resource: 'configmaps' }, 503],
  [{ resource: 'pods' }, 404],
  [{ resource: 'configmaps', subresource: 'log' }, 404],
  [{ namespace: 'default', name: 'a' }, 503],
  [{ namespace: 'other' }, 404],
  [{ name: 'b' }, 404],
] as const)('with a rule %j a get of configmaps/a gets %d', async (match, code) => {
  const { cluster, send } = await startTestApi()
  cluster.faults.add({ ...match, fault })
  expect(await send('GET', `${configMaps}/a`)).toMatchObject({ code })
})

test('a rule applies as many times as it says, or until it is removed', async () => {
  const { cluster, send } = await startTestApi()
  const remove = cluster.faults.add({ times: 2, fault })
  const codes = []
  for (let count = 0; count < 3; count += 1) codes.push((await send('GET', configMaps)).code)
  expect(codes).toEqual([503, 503, 200])
  expect(cluster.faults.list()).toEqual([])
  remove()
  cluster.faults.add({ fault })()
  cluster.faults.add({ fault })
  cluster.faults.clear()
  expect((await send('GET', configMaps)).code).toBe(200)
})

test('a rule applies with its probability', async () => {
  const throws = [0.4, 0.5]
  const { cluster, send } = await startTestApi({ random: () => throws.shift() ?? 0 })
  cluster.faults.add({ probability: 0.5, fault })
  expect((await send('GET', configMaps)).code).toBe(503)
  expect((await send('GET', configMaps)).code).toBe(200)
})

test.each([
  ['cut', 0],
  ['commit-then-cut', 1],
] as const)('%s breaks the connection and leaves %d objects', async (type, count) => {
  const { cluster, send } = await startTestApi()
  cluster.faults.add({ verb: 'create', times: 1, fault: { type } })
  await expect(send('POST', configMaps, { body: makeConfigMap('a') })).rejects.toThrow('socket hang up')
  expect(cluster.store.list('configmaps')).toHaveLength(count)
  expect(cluster.audit.entries().at(-1)).toMatchObject({ verb: 'create', code: 0 })
})

test('commit-then-hang does the work and never answers', async () => {
  const { cluster, send } = await startTestApi()
  cluster.faults.add({ fault: { type: 'commit-then-hang' } })
  const reply = send('POST', configMaps, { body: makeConfigMap('a') }).catch((error: Error) => error.message)
  await new Promise<void>((resolve) => void cluster.store.subscribe('configmaps', () => resolve()))
  await cluster.stop()
  expect(await reply).toBe('socket hang up')
})

test('latency delays a request, and another fault applies as well', async () => {
  const { cluster, send } = await startTestApi()
  cluster.faults.add({ fault: { type: 'latency', milliseconds: 30 } })
  cluster.faults.add({ fault })
  const before = performance.now()
  expect((await send('GET', configMaps)).code).toBe(503)
  expect(performance.now() - before).toBeGreaterThanOrEqual(29)
})

test('a silent watch sends nothing, not even bookmarks, until it is cut', async () => {
  const { cluster, send, open } = await startTestApi({ bookmarkInterval: 5 })
  cluster.faults.add({ verb: 'watch', times: 1, fault: { type: 'silent-watch' } })
  const silent = (await open(`${configMaps}?watch=true&allowWatchBookmarks=true`)).next()
  silent.catch(() => {})
  const other = await open(`${configMaps}?watch=true&allowWatchBookmarks=true`)
  await send('POST', configMaps, { body: makeConfigMap('a') })
  await other.next()
  cluster.faults.cutStreams()
  await expect(silent).rejects.toThrow('aborted')
})

test('duplicate-events sends an event twice', async () => {
  const { cluster, send, open } = await startTestApi()
  const watch = await open(`${configMaps}?watch=true`)
  cluster.faults.add({ times: 1, fault: { type: 'duplicate-events' } })
  await send('POST', configMaps, { body: makeConfigMap('a') })
  await send('POST', configMaps, { body: makeConfigMap('b') })
  const events = [await watch.next(), await watch.next(), await watch.next()]
  expect(events.map((event) => event?.object.metadata.name)).toEqual(['a', 'a', 'b'])
})

test('stale-events sends the previous state after the current one', async () => {
  const { cluster, send, open } = await startTestApi()
  await send('POST', configMaps, { body: makeConfigMap('a', { key: 'old' }) })
  const { resourceVersion } = cluster.store
  const watch = await open(`${configMaps}?watch=true&resourceVersion=${resourceVersion}`)
  cluster.faults.add({ fault: { type: 'stale-events' } })
  await send('PUT', `${configMaps}/a`, { body: makeConfigMap('a', { key: 'new' }) })
  expect(await watch.next()).toMatchObject({ object: { data: { key: 'new' } } })
  const metadata = { resourceVersion: String(resourceVersion) }
  expect(await watch.next()).toMatchObject({ type: 'MODIFIED', object: { data: { key: 'old' }, metadata } })
})

test('late-events delays an event and keeps the order', async () => {
  const { cluster, send, open } = await startTestApi()
  const watch = await open(`${configMaps}?watch=true`)
  cluster.faults.add({ name: 'late', fault: { type: 'late-events', milliseconds: 40 } })
  const before = performance.now()
  await send('POST', configMaps, { body: makeConfigMap('late') })
  await send('POST', configMaps, { body: makeConfigMap('after') })
  expect((await watch.next())?.object.metadata.name).toBe('late')
  expect(performance.now() - before).toBeGreaterThanOrEqual(39)
  expect((await watch.next())?.object.metadata.name).toBe('after')
})

test('cutWatches breaks a watch, which can continue from its last version', async () => {
  const { cluster, send, open } = await startTestApi()
  const watch = await open(`${configMaps}?watch=true`)
  const { body } = await send('POST', configMaps, { body: makeConfigMap('a') })
  await watch.next()
  cluster.faults.cutWatches()
  await expect(watch.next()).rejects.toThrow('aborted')
  await send('DELETE', `${configMaps}/a`)
  const next = await open(`${configMaps}?watch=true&resourceVersion=${body.metadata.resourceVersion}`)
  expect(await next.next()).toMatchObject({ type: 'DELETED' })
})

test('a paused API holds requests and watch events until it is resumed', async () => {
  const { cluster, send, open } = await startTestApi()
  const watch = await open(`${configMaps}?watch=true`)
  cluster.faults.pause()
  cluster.store.create('configmaps', makeConfigMap('a', {}, { namespace: 'default' }) as never)
  const event = watch.next()
  const reply = send('POST', configMaps, { body: makeConfigMap('b') })
  expect(await Promise.race([event, send('GET', '/healthz')])).toMatchObject({ body: 'ok' })
  expect(cluster.store.list('configmaps')).toHaveLength(1)
  cluster.faults.resume()
  expect(await event).toMatchObject({ type: 'ADDED' })
  expect(await reply).toMatchObject({ code: 201 })
})

test('refuse breaks and refuses connections until accept listens on the same port', async () => {
  const { cluster, send, open } = await startTestApi()
  const watch = await open(`${configMaps}?watch=true`)
  await cluster.faults.refuse()
  await cluster.faults.refuse()
  await expect(watch.next()).rejects.toThrow('aborted')
  await expect(send('GET', configMaps)).rejects.toThrow('ECONNREFUSED')
  await cluster.faults.accept()
  expect(await send('GET', configMaps)).toMatchObject({ code: 200 })
})

test('a paused or refusing cluster can be stopped, and stays stopped', async () => {
  const { cluster, send } = await startTestApi()
  cluster.faults.pause()
  const reply = send('GET', configMaps).catch((error: Error) => error.message)
  await send('GET', '/healthz')
  await cluster.faults.refuse()
  await cluster.stop()
  expect(await reply).toMatch(/socket hang up|ECONNRE/)
  await cluster.faults.accept()
  await expect(send('GET', configMaps)).rejects.toThrow('ECONNREFUSED')
})
