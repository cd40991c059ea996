import type { RequestListener } from 'node:http'
import { buildJob } from '@opifer/core'
import { makeOperario, makeRun } from '@opifer/core/testing'
import { describe, expect, test } from 'vitest'
import { makeJob, stored } from '../../testing/builders.ts'
import { makeKubeConfig, makeTransport, NAMESPACE, startCluster } from '../../testing/cluster.ts'
import { startServer } from '../../testing/server.ts'
import { configMapsPath, createKubeApi, jobRef, type KubeApi, type Pod, type WatchEvent } from './api.ts'
import { isIndeterminate } from './errors.ts'

const NOW = Date.parse('2026-11-23T04:00:00Z')
const collection = { path: configMapsPath(NAMESPACE), labelSelector: 'app=openfero' }
const labels = { app: 'openfero' }
const { signal } = new AbortController()

describe('against the development cluster', () => {
  test('createJob creates a Job that getJob reads back; getJob returns undefined for a missing one', async () => {
    const { api } = await startCluster()
    const { job: created, warnings } = await api.createJob(manifest())
    expect(warnings).toEqual([])
    expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(await api.getJob(NAMESPACE, created.metadata.name)).toEqual(created)
    expect(await api.getJob(NAMESPACE, 'missing')).toBeUndefined()
    await expect(api.createJob(manifest())).rejects.toMatchObject({ status: { code: 409, reason: 'AlreadyExists' } })
  })

  test('list returns all objects that match the selector, in pages', async () => {
    const { api, store, calls } = await startCluster()
    for (let number = 0; number < 1_234; number++)
      store.create('configmaps', stored('ConfigMap', `c-${number}`, { labels }))
    store.create('configmaps', stored('ConfigMap', 'other'))
    const { items, resourceVersion } = await api.list(collection, signal)
    expect(items).toHaveLength(1_234)
    expect(resourceVersion).toBe(String(store.resourceVersion))
    expect(calls('list', 'configmaps')).toBe(3)
  })

  test('watch yields events from a version on until the server ends it', async () => {
    const { api, store } = await startCluster()
    const { resourceVersion } = await api.list(collection, signal)
    store.create('configmaps', stored('ConfigMap', 'a', { labels }))
    store.mutate('configmaps', NAMESPACE, 'a', (draft) => void (draft['data'] = { key: 'läuft ✓' }))
    store.remove('configmaps', NAMESPACE, 'a')
    const events = await all(api.watch(collection, resourceVersion, { signal, timeoutSeconds: 1 }))
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
    expect(events[1]?.object).toMatchObject({ data: { key: 'läuft ✓' } })
  })

  test('watch throws a 410 for a version that is too old', async () => {
    const { api, store, faults } = await startCluster()
    const { resourceVersion } = await api.list(collection, signal)
    store.create('configmaps', stored('ConfigMap', 'a', { labels }))
    faults.expireHistory()
    await expect(all(api.watch(collection, resourceVersion, { signal, timeoutSeconds: 1 }))).rejects.toMatchObject({
      status: { code: 410, reason: 'Expired' },
    })
  })

  test('listPods selects by label and podLog returns the last lines', async () => {
    const { api, store, logs } = await startCluster()
    const spec = { containers: [{ name: 'main', image: 'busybox' }] }
    store.create('pods', stored('Pod', 'pod-1', { labels: { job: 'a' } }, { spec }))
    store.create('pods', stored('Pod', 'pod-2', { labels: { job: 'b' } }, { spec }))
    const [pod, ...others] = await api.listPods(NAMESPACE, 'job=a')
    expect(pod?.metadata.name).toBe('pod-1')
    expect(others).toEqual([])
    logs.append(pod!.metadata.uid, 'main', Buffer.from('eins\nzwei\ndreißig\n'))
    expect(await api.podLog(pod!, 'main', { tailLines: 2, limitBytes: 1_000 })).toBe('zwei\ndreißig\n')
    await expect(api.podLog(pod!, 'other', { tailLines: 2, limitBytes: 1_000 })).rejects.toMatchObject({
      status: { code: 400 },
    })
  })
})

describe('error responses', () => {
  test.each([
    { header: '7', want: 7_000 },
    { header: '0', want: 0 },
    { header: 'Mon, 23 Nov 2026 04:00:09 GMT', want: 9_000 },
    { header: 'Mon, 23 Nov 2026 03:00:00 GMT', want: 0 },
    { header: '999999999999', want: 300_000 },
    { header: 'Mon, 23 Nov 2099 03:00:00 GMT', want: 300_000 },
    { header: 'soon', want: undefined },
    { header: '', want: undefined },
    { header: undefined, want: undefined },
  ])('an error with Retry-After "$header" asks for a wait of $want ms', async ({ header, want }) => {
    const { api } = await startApi((_request, response) => {
      response.writeHead(429, { ...(header !== undefined && { 'retry-after': header }) }).end()
    })
    const error = await api.getJob(NAMESPACE, 'a').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: { code: 429 } })
    expect(error).toHaveProperty('status.retryAfterMs', want)
  })

  test.each([
    { what: 'a Status', body: status('Forbidden', 'may not'), want: '503 Forbidden: may not' },
    { what: 'an HTML page', body: '<h1>secret proxy</h1>', want: '503 Unknown: ' },
    { what: 'JSON of another kind', body: '{"message":"secret"}', want: '503 Unknown: ' },
    { what: 'JSON null', body: 'null', want: '503 Unknown: ' },
    { what: 'an empty body', body: '', want: '503 Unknown: ' },
  ])('an error response with $what becomes the message "$want"', async ({ body, want }) => {
    const { api } = await startApi((_request, response) => response.writeHead(503).end(body))
    await expect(api.getJob(NAMESPACE, 'a')).rejects.toMatchObject({ name: 'ApiError', message: want })
  })

  test.each([
    { code: 429, what: 'plain text', body: 'Too many requests, please try again later.', want: false },
    { code: 502, what: "a proxy's page", body: '<h1>Bad Gateway</h1>', want: true },
    { code: 503, what: "a proxy's page", body: '<h1>no healthy upstream</h1>', want: true },
    { code: 503, what: 'a Status', body: status('ServiceUnavailable', 'not yet'), want: false },
    { code: 504, what: 'a Status', body: status('Timeout', 'too slow'), want: true },
  ])('a create answered with $code and $what is indeterminate: $want', async ({ code, body, want }) => {
    const { api } = await startApi((_request, response) => response.writeHead(code).end(body))
    const error = await api.createJob(manifest()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ status: { code } })
    expect(isIndeterminate(error)).toBe(want)
  })

  test('a redirect is an error', async () => {
    const { api } = await startApi((_request, response) => response.writeHead(302, { location: '/login' }).end())
    await expect(api.getJob(NAMESPACE, 'a')).rejects.toMatchObject({ status: { code: 302 } })
  })
})

test.each([
  { what: 'not JSON', body: '<h1>welcome</h1>' },
  { what: 'truncated', body: '{"metadata":' },
])('a response with status 200 that is $what is an error', async ({ body }) => {
  const { api } = await startApi((_request, response) => response.end(body))
  await expect(api.getJob(NAMESPACE, 'a')).rejects.toThrow(SyntaxError)
})

test('createJob returns the warnings of the API server', async () => {
  const { api } = await startApi((_request, response) => {
    response.appendHeader('warning', String.raw`299 - "would violate \"restricted\""`)
    response.appendHeader('warning', '299 - "and another"')
    response.writeHead(201).end('{"metadata":{}}')
  })
  expect(await api.createJob(manifest())).toEqual({
    job: { metadata: {} },
    warnings: ['would violate "restricted"', 'and another'],
  })
})

test('list throws a 410 when it expires between two pages, and returns no partial result', async () => {
  const { api, requests } = await startApi(({ url }, response) => {
    if (url?.includes('continue=next')) response.writeHead(410).end(status('Expired', 'too old'))
    else response.end(JSON.stringify({ items: [{}], metadata: { resourceVersion: '5', continue: 'next' } }))
  })
  await expect(api.list(collection, signal)).rejects.toMatchObject({ status: { code: 410 } })
  expect(requests).toHaveLength(2)
})

test('watch asks for bookmarks and limits its own duration', async () => {
  const { api, requests } = await startApi((_request, response) => response.end())
  expect(await all(api.watch(collection, '5', { signal, timeoutSeconds: 20 }))).toEqual([])
  const query = new URL(requests[0]?.split(' ')[1] ?? '', 'http://localhost').searchParams
  expect(Object.fromEntries(query)).toEqual({
    watch: 'true',
    allowWatchBookmarks: 'true',
    labelSelector: 'app=openfero',
    resourceVersion: '5',
    timeoutSeconds: '20',
  })
})

test('names and namespaces are escaped in paths', async () => {
  const { api, requests } = await startApi((_request, response) => response.writeHead(404).end())
  expect(await api.getJob('../x', 'a/../b?c#d')).toBeUndefined()
  const pod = {
    metadata: { namespace: 'a/b', name: '?', uid: '', resourceVersion: '', creationTimestamp: '' },
  } satisfies Pod
  await expect(api.podLog(pod, 'c&d', { tailLines: 1, limitBytes: 1 })).rejects.toMatchObject({ status: { code: 404 } })
  expect(requests).toEqual([
    'GET /apis/batch/v1/namespaces/..%2Fx/jobs/a%2F..%2Fb%3Fc%23d',
    'GET /api/v1/namespaces/a%2Fb/pods/%3F/log?container=c%26d&tailLines=1&limitBytes=1',
  ])
})

test('leaving a watch early closes its connection', async () => {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  const { api } = await startApi((_request, response) => {
    response.once('close', close)
    response.write('{"type":"ADDED","object":{}}\n')
  })
  for await (const { type } of api.watch(collection, '5', { signal, timeoutSeconds: 20 })) {
    expect(type).toBe('ADDED')
    break
  }
  await closed
})

test('jobRef takes createdAt from the creation timestamp of the Job', () => {
  const job = makeJob({ namespace: 'a', name: 'b', uid: 'c', creationTimestamp: '2026-11-23T04:00:00Z' })
  expect(jobRef(job)).toEqual({ namespace: 'a', name: 'b', uid: 'c', createdAt: NOW })
})

async function startApi(handle: RequestListener): Promise<{ api: KubeApi; requests: string[] }> {
  const { url, requests } = await startServer(handle)
  return { api: createKubeApi(makeTransport(makeKubeConfig(url)), () => NOW), requests }
}

function manifest() {
  const run = makeRun()
  const build = buildJob(
    { run, alert: run.alert as never, operario: makeOperario(), number: 0 },
    { namespace: NAMESPACE, ttlSeconds: 300, labels: {} },
  )
  if (!build.ok) throw new Error(build.reason)
  return build.job
}

function status(reason: string, message: string): string {
  return JSON.stringify({ kind: 'Status', reason, message })
}

async function all<Item>(events: AsyncIterable<WatchEvent<Item>>): Promise<WatchEvent<Item>[]> {
  const seen: WatchEvent<Item>[] = []
  for await (const event of events) seen.push(event)
  return seen
}
