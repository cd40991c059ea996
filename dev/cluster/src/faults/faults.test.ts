import { describe, expect, it } from 'vitest'
import { configMaps, makeConfigMap, pods, makePod, startTestApi } from '../api/testing.ts'
import type { Fault } from './fault-rule.ts'

describe('a status fault', () => {
  it.each([
    [409, 'Conflict'],
    [410, 'Expired'],
    [429, 'TooManyRequests'],
    [500, 'InternalError'],
    [503, 'ServiceUnavailable'],
  ])('answers %d without doing the work', async (code, reason) => {
    const { cluster, send } = await startTestApi()
    cluster.faults.add({ verb: 'create', fault: { type: 'status', code } })
    const reply = await send('POST', configMaps, { body: makeConfigMap('a') })
    expect(reply).toMatchObject({ code, body: { kind: 'Status', reason, code } })
    expect(cluster.store.list('configmaps')).toEqual([])
  })

  it('tells how long to wait, in the header and in the body', async () => {
    const { cluster, send } = await startTestApi()
    cluster.faults.add({ fault: { type: 'status', code: 429, retryAfterSeconds: 7 } })
    const { headers, body } = await send('GET', configMaps)
    expect(headers['retry-after']).toBe('7')
    expect(body.details).toEqual({ retryAfterSeconds: 7 })
  })
})

describe('a rule', () => {
  const fault: Fault = { type: 'status', code: 503 }

  it.each([
    [{}, 503],
    [{ verb: 'get' }, 503],
    [{ verb: 'list' }, 404],
    [{ resource: 'configmaps' }, 503],
    [{ resource: 'pods' }, 404],
    [{ resource: 'configmaps', subresource: 'status' }, 404],
    [{ namespace: 'default', name: 'a' }, 503],
    [{ namespace: 'other' }, 404],
    [{ name: 'b' }, 404],
  ] as const)('%j on get of configmaps/a answers %d', async (match, code) => {
    const { cluster, send } = await startTestApi()
    cluster.faults.add({ ...match, fault })
    expect(await send('GET', `${configMaps}/a`)).toMatchObject({ code })
  })

  it('knows the name of an object that is to be created', async () => {
    const { cluster, send } = await startTestApi()
    cluster.faults.add({ name: 'b', fault })
    expect(await send('POST', configMaps, { body: makeConfigMap('a') })).toMatchObject({ code: 201 })
    expect(await send('POST', configMaps, { body: makeConfigMap('b') })).toMatchObject({ code: 503 })
  })

  it('for pods leaves their logs alone', async () => {
    const { cluster, send } = await startTestApi()
    await send('POST', pods, { body: makePod('a') })
    cluster.faults.add({ resource: 'pods', fault })
    expect(await send('GET', `${pods}/a/log`)).toMatchObject({ code: 400 })
  })

  it('is spent after as many times as it says', async () => {
    const { cluster, send } = await startTestApi()
    cluster.faults.add({ times: 2, fault })
    const codes = []
    for (let count = 0; count < 3; count += 1) codes.push((await send('GET', configMaps)).code)
    expect(codes).toEqual([503, 503, 200])
    expect(cluster.faults.list()).toEqual([])
  })

  it('befalls as many requests as chance has it', async () => {
    const throws = [0.4, 0.5]
    const { cluster, send } = await startTestApi({ random: () => throws.shift() ?? 0 })
    cluster.faults.add({ probability: 0.5, fault })
    expect((await send('GET', configMaps)).code).toBe(503)
    expect((await send('GET', configMaps)).code).toBe(200)
  })

  it('is taken away by what adding it returned, or with all others', async () => {
    const { cluster, send } = await startTestApi()
    const remove = cluster.faults.add({ fault })
    remove()
    expect((await send('GET', configMaps)).code).toBe(200)
    cluster.faults.add({ fault })
    cluster.faults.clear()
    expect((await send('GET', configMaps)).code).toBe(200)
  })

  it('that makes no sense is refused', async () => {
    const { cluster } = await startTestApi()
    expect(() => cluster.faults.add({ fault: { type: 'status', code: 200 } })).toThrow('code')
  })
})

describe('a broken connection', () => {
  it.each([
    ['cut', 0],
    ['commit-then-cut', 1],
  ] as const)('by %s leaves %d objects', async (type, count) => {
    const { cluster, send } = await startTestApi()
    cluster.faults.add({ verb: 'create', times: 1, fault: { type } })
    await expect(send('POST', configMaps, { body: makeConfigMap('a') })).rejects.toThrow('socket hang up')
    expect(cluster.store.list('configmaps')).toHaveLength(count)
    expect(cluster.audit.entries().at(-1)).toMatchObject({ verb: 'create', code: 0 })
  })

  it('is what ends a request that was done but never answered', async () => {
    const { cluster, send } = await startTestApi()
    cluster.faults.add({ fault: { type: 'commit-then-hang' } })
    const reply = send('POST', configMaps, { body: makeConfigMap('a') }).catch((error: Error) => error.message)
    await new Promise<void>((resolve) => void cluster.store.subscribe('configmaps', () => resolve()))
    await cluster.stop()
    expect(await reply).toBe('socket hang up')
  })
})

it('latency holds a request up, and leaves room for another fault', async () => {
  const { cluster, send } = await startTestApi()
  cluster.faults.add({ fault: { type: 'latency', milliseconds: 30 } })
  cluster.faults.add({ fault: { type: 'status', code: 500 } })
  const before = performance.now()
  expect((await send('GET', configMaps)).code).toBe(500)
  expect(performance.now() - before).toBeGreaterThanOrEqual(29)
})

describe('a watch', () => {
  it('that is cut breaks, and goes on from where it was', async () => {
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

  it('that is silent sends nothing, not even bookmarks, until it is cut', async () => {
    const { cluster, send, open } = await startTestApi({ bookmarkInterval: 5 })
    cluster.faults.add({ verb: 'watch', times: 1, fault: { type: 'silent-watch' } })
    const silent = await open(`${configMaps}?watch=true&allowWatchBookmarks=true`)
    const told = silent.next()
    told.catch(() => {})
    const other = await open(`${configMaps}?watch=true&allowWatchBookmarks=true`)
    await send('POST', configMaps, { body: makeConfigMap('a') })
    await other.next()
    cluster.faults.cutStreams()
    await expect(told).rejects.toThrow('aborted')
  })

  it('finds its history expired', async () => {
    const { cluster, send, open } = await startTestApi()
    await send('POST', configMaps, { body: makeConfigMap('a') })
    cluster.faults.expireHistory()
    const watch = await open(`${configMaps}?watch=true&resourceVersion=1`)
    expect(await watch.next()).toMatchObject({ type: 'ERROR', object: { code: 410 } })
  })

  it('is told everything twice', async () => {
    const { cluster, send, open } = await startTestApi()
    const watch = await open(`${configMaps}?watch=true`)
    cluster.faults.add({ times: 1, fault: { type: 'duplicate-events' } })
    await send('POST', configMaps, { body: makeConfigMap('a') })
    await send('POST', configMaps, { body: makeConfigMap('b') })
    const events = [await watch.next(), await watch.next(), await watch.next()]
    expect(events.map((event) => event?.object.metadata.name)).toEqual(['a', 'a', 'b'])
  })

  it('is told the state before after the state now', async () => {
    const { cluster, send, open } = await startTestApi()
    await send('POST', configMaps, { body: makeConfigMap('a', { key: 'old' }) })
    const { resourceVersion } = cluster.store
    const watch = await open(`${configMaps}?watch=true&resourceVersion=${resourceVersion}`)
    cluster.faults.add({ fault: { type: 'stale-events' } })
    await send('PUT', `${configMaps}/a`, { body: makeConfigMap('a', { key: 'new' }) })
    expect(await watch.next()).toMatchObject({ object: { data: { key: 'new' } } })
    expect(await watch.next()).toMatchObject({
      type: 'MODIFIED',
      object: { data: { key: 'old' }, metadata: { resourceVersion: String(resourceVersion) } },
    })
  })

  it('is told late, but in order', async () => {
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
})

describe('the whole API', () => {
  it('answers nothing while it is paused, and everything afterwards', async () => {
    const { cluster, send, open } = await startTestApi()
    const watch = await open(`${configMaps}?watch=true`)
    cluster.faults.pause()
    cluster.faults.pause()
    const reply = send('POST', configMaps, { body: makeConfigMap('a') })
    await send('GET', '/healthz')
    expect(cluster.store.list('configmaps')).toEqual([])
    cluster.faults.resume()
    expect(await reply).toMatchObject({ code: 201 })
    expect(await watch.next()).toMatchObject({ type: 'ADDED' })
  })

  it('holds the events of open watches back while it is paused', async () => {
    const { cluster, send, open } = await startTestApi()
    const watch = await open(`${configMaps}?watch=true`)
    cluster.faults.pause()
    cluster.store.create('configmaps', makeConfigMap('a', {}, { namespace: 'default' }) as never)
    const event = watch.next()
    expect(await Promise.race([event, send('GET', '/healthz')])).toMatchObject({ body: 'ok' })
    cluster.faults.resume()
    expect(await event).toMatchObject({ type: 'ADDED' })
  })

  it('can be stopped while it is paused', async () => {
    const { cluster, send } = await startTestApi()
    cluster.faults.pause()
    const reply = send('GET', configMaps).catch((error: Error) => error.message)
    await send('GET', '/healthz')
    await cluster.stop()
    expect(await reply).toMatch(/socket hang up|ECONNRE/)
  })

  it('refuses connections, and accepts them again on the same port', async () => {
    const { cluster, send, open } = await startTestApi()
    const watch = await open(`${configMaps}?watch=true`)
    await cluster.faults.refuse()
    await cluster.faults.refuse()
    await expect(watch.next()).rejects.toThrow('aborted')
    await expect(send('GET', configMaps)).rejects.toThrow('ECONNREFUSED')
    await cluster.faults.accept()
    expect(await send('GET', configMaps)).toMatchObject({ code: 200 })
  })

  it('can be stopped while it refuses connections', async () => {
    const { cluster } = await startTestApi()
    await cluster.faults.refuse()
    await expect(cluster.stop()).resolves.toBeUndefined()
  })

  it('that is stopped does not come back', async () => {
    const { cluster, send } = await startTestApi()
    await cluster.stop()
    await cluster.faults.accept()
    await expect(send('GET', configMaps)).rejects.toThrow('ECONNREFUSED')
  })
})

describe('over HTTP', () => {
  it('rules are added, listed with their hits, and removed', async () => {
    const { send } = await startTestApi()
    const rule = { verb: 'get', fault: { type: 'status', code: 500 } }
    const added = await send('POST', '/devcluster/faults', { body: rule })
    expect(added).toMatchObject({ code: 200, body: { rule, hits: 0 } })
    expect(await send('GET', `${configMaps}/a`)).toMatchObject({ code: 500 })
    expect((await send('GET', '/devcluster/faults')).body.items).toEqual([{ id: added.body.id, rule, hits: 1 }])
    expect(await send('DELETE', `/devcluster/faults/${String(added.body.id)}`)).toMatchObject({ code: 200 })
    expect(await send('DELETE', `/devcluster/faults/${String(added.body.id)}`)).toMatchObject({ code: 404 })
    expect(await send('GET', `${configMaps}/a`)).toMatchObject({ code: 404 })
  })

  it('all rules are removed at once', async () => {
    const { cluster, send } = await startTestApi()
    cluster.faults.add({ fault: { type: 'cut' } })
    await send('DELETE', '/devcluster/faults')
    expect(cluster.faults.list()).toEqual([])
  })

  it('a paused cluster is resumed', async () => {
    const { send } = await startTestApi()
    await send('POST', '/devcluster/switches', { body: { action: 'pause' } })
    const reply = send('GET', configMaps)
    await send('POST', '/devcluster/switches', { body: { action: 'resume' } })
    expect(await reply).toMatchObject({ code: 200 })
  })

  it('connections are refused for a while', async () => {
    const { cluster, send } = await startTestApi()
    expect(
      await send('POST', '/devcluster/switches', { body: { action: 'refuse', milliseconds: 60_000 } }),
    ).toMatchObject({ code: 200 })
    await expect.poll(() => send('GET', configMaps).catch((error: Error) => error.message)).toContain('ECONNREFUSED')
    await cluster.faults.accept()
  })

  it.each([
    ['GET', '/devcluster', undefined, 404],
    ['GET', '/devcluster/nothing', undefined, 404],
    ['PUT', '/devcluster/faults', {}, 405],
    ['GET', '/devcluster/faults/1', undefined, 405],
    ['POST', '/devcluster/faults', { fault: { type: 'unheard-of' } }, 400],
    ['POST', '/devcluster/faults', { fault: { type: 'cut' }, unknown: 1 }, 400],
    ['POST', '/devcluster/switches', { action: 'explode' }, 400],
    ['POST', '/devcluster/switches', { action: 'refuse' }, 400],
  ])('%s %s with %j is answered %d', async (method, path, body, code) => {
    const { send } = await startTestApi()
    expect(await send(method, path, { body })).toMatchObject({ code, body: { kind: 'Status' } })
  })
})
