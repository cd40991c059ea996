import { makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { recordRun } from '../../testing/builders.ts'
import { AS_OPERATOR, AS_VIEWER, useDashboards, NOW, ROLES } from '../../testing/dashboards.ts'

const makeDashboard = useDashboards()

/** The fields that the tests access by name. */
interface Body {
  runs: unknown[]
  operarios: unknown[]
  more: number
  next: string
  detail: string
  runId: string
  openapi: string
  paths: object
}

async function json({ app }: Awaited<ReturnType<typeof makeDashboard>>, path: string, init: RequestInit = {}) {
  const response = await app.request(path, init)
  return {
    status: response.status,
    type: response.headers.get('Content-Type'),
    body: (await response.json()) as Body,
  }
}

test('GET /api/runs/{id} returns all fields of a run, with RFC 3339 times', async () => {
  const dashboard = await makeDashboard()
  await recordRun(dashboard, {
    id: 'run-1',
    receivedAt: NOW,
    labels: { severity: 'critical', ['__proto__']: 'kept' },
    job: true,
    errors: [{ at: NOW + 100, message: 'HTTP 503' }],
    jobTimes: { startedAt: NOW + 1_000 },
    result: {
      outcome: 'failed',
      reason: 'DeadlineExceeded',
      exits: [{ pod: 'p', container: 'c', exitCode: 3 }],
      log: 'last words',
    },
  })
  const { body, status } = await json(dashboard, '/api/runs/run-1')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    id: 'run-1',
    state: 'ended',
    outcome: 'failed',
    reason: 'DeadlineExceeded',
    alert: { alertname: 'DiskSpaceLow', status: 'firing', labels: { severity: 'critical' } },
    receivedAt: '2026-11-24T08:00:00.000Z',
    job: { name: 'cleanup-disk-space-run-1', adopted: false, startedAt: '2026-11-24T08:00:01.000Z' },
    failedAttempts: 1,
    errors: [{ at: '2026-11-24T08:00:00.100Z', message: 'HTTP 503' }],
    exits: [{ pod: 'p', container: 'c', exitCode: 3 }],
    log: 'last words',
    repeats: 0,
  })
})

test('GET /api/runs/{id} finds a run that only the queue knows', async () => {
  const dashboard = await makeDashboard()
  const run = makeRun({ receivedAt: NOW })
  await dashboard.queue.add('DiskSpaceLow', run, { jobId: run.id })
  expect((await json(dashboard, `/api/runs/${run.id}`)).body).toMatchObject({ id: run.id, state: 'waiting' })
})

test('GET /api/runs accepts filters, a limit and a cursor', async () => {
  const dashboard = await makeDashboard()
  for (let index = 0; index < 5; index++) {
    const labels = { severity: index % 2 === 0 ? 'critical' : 'warning' }
    await recordRun(dashboard, {
      id: `run-${index}`,
      receivedAt: NOW - index * 1_000,
      labels,
      result: { outcome: 'succeeded' },
    })
  }
  const path = `/api/runs?limit=2&outcome=succeeded&outcome=failed&match=${encodeURIComponent('severity="critical"')}`
  const first = (await json(dashboard, path)).body
  expect(first).toMatchObject({ runs: [{ id: 'run-0' }, { id: 'run-2' }], complete: true })
  expect((await json(dashboard, `${path}&cursor=${first.next}`)).body.runs).toMatchObject([{ id: 'run-4' }])
})

test.each([
  ['/api/runs?match=severity', 400, 'match: '],
  ['/api/runs?limit=0', 400, 'limit: '],
  ['/api/runs?cursor=x', 400, 'cursor: '],
  ['/api/runs/none-1', 404, 'no run has this id'],
  ['/api/nothing', 404, 'Nothing exists at /api/nothing'],
])('GET %s is answered with problem details', async (path, status, text) => {
  const answer = await json(await makeDashboard(), path)
  expect(answer).toMatchObject({ status, type: 'application/problem+json', body: { status } })
  expect(answer.body.detail).toContain(text)
})

test('operators can retry and cancel through the API once; viewers are rejected', async () => {
  const dashboard = await makeDashboard(ROLES)
  await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, result: { outcome: 'failed' } })
  const open = await recordRun(dashboard, { id: 'run-2', receivedAt: NOW - 60_000 })
  await dashboard.queue.add('DiskSpaceLow', open, { jobId: open.id })
  const post = (path: string, headers: Record<string, string>) => json(dashboard, path, { method: 'POST', headers })
  expect((await post('/api/runs/run-1/retry', AS_VIEWER)).status).toBe(403)
  const retried = await post('/api/runs/run-1/retry', AS_OPERATOR)
  expect(retried.status).toBe(202)
  expect(await post('/api/runs/run-1/retry', AS_OPERATOR)).toMatchObject({
    status: 409,
    body: { runId: retried.body.runId },
  })
  expect(await post('/api/runs/run-1/cancel', AS_OPERATOR)).toMatchObject({ status: 409 })
  expect(await post('/api/runs/run-2/retry', AS_OPERATOR)).toMatchObject({ status: 409, body: { runId: 'run-2' } })
  expect(await post('/api/runs/run-2/cancel', AS_OPERATOR)).toMatchObject({ status: 202, body: { runId: 'run-2' } })
  expect((await post('/api/runs/none-1/retry', AS_OPERATOR)).status).toBe(404)
})

test('a run that was removed from the queue has ended: it can be retried but not cancelled', async () => {
  const dashboard = await makeDashboard()
  await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, job: true })
  const { body } = await json(dashboard, '/api/runs/run-1')
  expect(body).toMatchObject({ id: 'run-1', state: 'ended' })
  expect(body).not.toHaveProperty('outcome')
  expect((await json(dashboard, '/api/runs/run-1/cancel', { method: 'POST' })).status).toBe(409)
  expect((await json(dashboard, '/api/runs/run-1/retry', { method: 'POST' })).status).toBe(202)
})

test('GET /api/operarios returns Operarios with statistics, and unmatched alerts with the ConfigMap that would match', async () => {
  const dashboard = await makeDashboard()
  await recordRun(dashboard, {
    id: 'run-1',
    receivedAt: NOW,
    job: true,
    jobTimes: { startedAt: NOW, endedAt: NOW + 3_000 },
    result: { outcome: 'succeeded' },
  })
  await recordRun(dashboard, {
    id: 'run-2',
    receivedAt: NOW,
    labels: { alertname: 'NodeDown' },
    result: { outcome: 'unmatched' },
  })
  const operarios = [{ key: 'DiskSpaceLow' }]
  await dashboard.catalogue.replaceAll([
    { configMap: 'openfero/openfero-diskspacelow-firing', resourceVersion: '1', disabled: false, operarios },
  ])
  expect((await json(dashboard, '/api/operarios')).body).toMatchObject({
    operarios: [{ key: 'DiskSpaceLow', successRate: 1, medianMs: 3_000, runs: 1, lastRun: { id: 'run-1' } }],
    more: 0,
    unmatched: [
      { alertname: 'NodeDown', count: 1, wouldMatch: { configMap: 'openfero-nodedown-firing', key: 'NodeDown' } },
    ],
  })
})

test('GET /api/operarios returns the first 200 Operarios and the number of others', async () => {
  const dashboard = await makeDashboard()
  await dashboard.catalogue.replaceAll(
    Array.from({ length: 203 }, (_, number) => ({
      configMap: `openfero/openfero-${String(number).padStart(3, '0')}-firing`,
      resourceVersion: '1',
      disabled: false,
      operarios: [{ key: 'A' }],
    })),
  )
  const { body } = await json(dashboard, '/api/operarios')
  expect(body.operarios).toHaveLength(200)
  expect(body.operarios.at(-1)).toMatchObject({ configMap: 'openfero/openfero-199-firing' })
  expect(body.more).toBe(3)
  expect((await json(dashboard, '/api/jobs')).body).toHaveLength(200)
})

test('HEAD /api/events does not count as a live connection', async () => {
  const { app, live } = await makeDashboard({ maxViewers: '1' })
  const ask = (method: string) => app.request('/api/events', { method })
  for (let attempt = 0; attempt < 2; attempt++) {
    const { status, headers, body } = await ask('HEAD')
    expect([status, headers.get('Content-Type'), body]).toEqual([200, 'text/event-stream', null])
  }
  expect((await ask('GET')).status).toBe(200)
  expect(live.clients).toBe(1)
  for (const method of ['HEAD', 'GET']) expect((await ask(method)).status).toBe(503)
})

test('the OpenAPI document lists every operation and is available as a page', async () => {
  const dashboard = await makeDashboard()
  const { body } = await json(dashboard, '/api/openapi.json')
  expect(body.openapi).toBe('3.1.0')
  const paths = [
    '/api/runs',
    '/api/runs/{id}',
    '/api/runs/{id}/retry',
    '/api/runs/{id}/cancel',
    '/api/operarios',
    '/api/events',
  ]
  const openFeroPaths = ['/api/alerts', '/alertStore', '/api/jobs', '/api/about']
  expect(Object.keys(body.paths).sort()).toEqual([...paths, ...openFeroPaths].sort())
  const page = await dashboard.get('/api/docs')
  for (const path of paths) expect(page.body).toContain(path)
})
