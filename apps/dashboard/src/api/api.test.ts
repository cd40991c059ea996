import { makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { tell } from '../testing/builders.ts'
import { AS_OPERATOR, AS_VIEWER, givenDashboards, NOW, ROLES } from '../testing/given.ts'

const givenDashboard = givenDashboards()

/** What the tests look at by name; the rest is held against what it should be as a whole. */
interface Answer {
  runs: unknown[]
  operarios: unknown[]
  more: number
  next: string
  detail: string
  runId: string
  openapi: string
  paths: object
}

async function json({ app }: Awaited<ReturnType<typeof givenDashboard>>, path: string, init: RequestInit = {}) {
  const response = await app.request(path, init)
  return {
    status: response.status,
    type: response.headers.get('Content-Type'),
    body: (await response.json()) as Answer,
  }
}

test('a run is told whole, with times as RFC 3339 has them', async () => {
  const dashboard = await givenDashboard()
  await tell(dashboard, {
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

test('a run that only waits in the queue is told from there', async () => {
  const dashboard = await givenDashboard()
  const run = makeRun({ receivedAt: NOW })
  await dashboard.queue.add('DiskSpaceLow', run, { jobId: run.id })
  expect((await json(dashboard, `/api/runs/${run.id}`)).body).toMatchObject({ id: run.id, state: 'waiting' })
})

test('lists take filters, a size and a cursor', async () => {
  const dashboard = await givenDashboard()
  for (let index = 0; index < 5; index++) {
    const labels = { severity: index % 2 === 0 ? 'critical' : 'warning' }
    await tell(dashboard, {
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
  ['/api/runs/none-1', 404, 'there is no run of this id'],
  ['/api/nothing', 404, 'There is nothing at /api/nothing'],
])('what goes wrong at %s is a problem with words', async (path, status, words) => {
  const answer = await json(await givenDashboard(), path)
  expect(answer).toMatchObject({ status, type: 'application/problem+json', body: { status } })
  expect(answer.body.detail).toContain(words)
})

test('operators try again and cancel, once; viewers are refused', async () => {
  const dashboard = await givenDashboard(ROLES)
  await tell(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, result: { outcome: 'failed' } })
  const open = await tell(dashboard, { id: 'run-2', receivedAt: NOW - 60_000 })
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

test('a run that was removed from the queue is over, and is tried again and not cancelled', async () => {
  const dashboard = await givenDashboard()
  await tell(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, job: true })
  const told = (await json(dashboard, '/api/runs/run-1')).body
  expect(told).toMatchObject({ id: 'run-1', state: 'ended' })
  expect(told).not.toHaveProperty('outcome')
  expect((await json(dashboard, '/api/runs/run-1/cancel', { method: 'POST' })).status).toBe(409)
  expect((await json(dashboard, '/api/runs/run-1/retry', { method: 'POST' })).status).toBe(202)
})

test('Operarios are told with their figures, and alerts without one with what would match', async () => {
  const dashboard = await givenDashboard()
  await tell(dashboard, {
    id: 'run-1',
    receivedAt: NOW,
    job: true,
    jobTimes: { startedAt: NOW, endedAt: NOW + 3_000 },
    result: { outcome: 'succeeded' },
  })
  await tell(dashboard, {
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

test('of many Operarios the first 200 are told, and how many more there are', async () => {
  const dashboard = await givenDashboard()
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

test('who only asks whether there are events takes no place of those who want to hear them', async () => {
  const { app, live } = await givenDashboard({ maxViewers: '1' })
  const ask = (method: string) => app.request('/api/events', { method })
  for (let time = 0; time < 2; time++) {
    const { status, headers, body } = await ask('HEAD')
    expect([status, headers.get('Content-Type'), body]).toEqual([200, 'text/event-stream', null])
  }
  expect((await ask('GET')).status).toBe(200)
  expect(live.viewers).toBe(1)
  for (const method of ['HEAD', 'GET']) expect((await ask(method)).status).toBe(503)
})

test('the document names every operation and is shown as a page', async () => {
  const dashboard = await givenDashboard()
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
  const openferos = ['/api/alerts', '/alertStore', '/api/jobs', '/api/about']
  expect(Object.keys(body.paths).sort()).toEqual([...paths, ...openferos].sort())
  const page = await dashboard.get('/api/docs')
  for (const path of paths) expect(page.body).toContain(path)
})
