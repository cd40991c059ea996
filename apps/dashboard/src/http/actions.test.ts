import { makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { recordRun } from '../testing/builders.ts'
import { AS_OPERATOR, AS_VIEWER, useDashboards, NOW, ROLES } from '../testing/dashboards.ts'

const makeDashboard = useDashboards()

type Dashboard = Awaited<ReturnType<typeof makeDashboard>>

function post({ app }: Dashboard, path: string, headers: Record<string, string>, body = '') {
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
  return app.request(path, { method: 'POST', headers: { ...form, ...headers }, body })
}

test('a retry enqueues a new run that records its origin and the requester', async () => {
  const dashboard = await makeDashboard(ROLES)
  const run = await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, result: { outcome: 'failed' } })
  const answer = await post(dashboard, '/runs/run-1/retry', AS_OPERATOR)
  expect(answer.status).toBe(303)
  const location = answer.headers.get('Location') ?? ''
  const id = /^\/runs\/([^?]+)\?notice=retried$/.exec(location)?.[1] ?? ''
  const job = await dashboard.queue.getJob(id)
  expect(job?.data).toMatchObject({
    retryOf: 'run-1',
    dedupId: run.dedupId,
    receivedAt: NOW,
    alert: { alertname: 'DiskSpaceLow' },
  })
  expect(job?.data.requestedBy).toBeTruthy()
  expect((await dashboard.get(location, AS_OPERATOR)).body).toContain('This is the new run')
})

test('a retry while a run of the same alert is in progress redirects to that run and adds none', async () => {
  const dashboard = await makeDashboard(ROLES)
  const run = await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, result: { outcome: 'failed' } })
  const other = makeRun({ ...run, id: 'run-2' })
  await dashboard.queue.add('DiskSpaceLow', other, { jobId: other.id, deduplication: { id: run.dedupId } })
  const answer = await post(dashboard, '/runs/run-1/retry', AS_OPERATOR)
  expect(answer.headers.get('Location')).toBe('/runs/run-2?notice=in-flight')
  expect(await dashboard.queue.getWaitingCount()).toBe(1)
})

test('cancelling flags the run with the requester and promotes it', async () => {
  const dashboard = await makeDashboard(ROLES)
  const run = await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, job: true })
  await dashboard.queue.add('DiskSpaceLow', run, { jobId: run.id, delay: 600_000 })
  const answer = await post(dashboard, '/runs/run-1/cancel', AS_OPERATOR)
  expect(answer.headers.get('Location')).toBe('/runs/run-1?notice=cancelling')
  expect(await dashboard.redis.get('{opifer}:cancel:run-1')).toBeTruthy()
  expect(await (await dashboard.queue.getJob('run-1'))?.getState()).toBe('waiting')
})

test('every action is reported with caller, run and result', async () => {
  const dashboard = await makeDashboard(ROLES)
  await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, result: { outcome: 'failed' } })
  await post(dashboard, '/runs/run-1/retry', AS_OPERATOR)
  await post(dashboard, '/runs/run-1/cancel', AS_OPERATOR)
  await post(dashboard, '/runs/none/retry', AS_OPERATOR)
  const by = dashboard.acted[0]?.by
  expect(by).toBeTruthy()
  expect(dashboard.acted).toEqual([
    { action: 'retry', runId: 'run-1', by, result: 'enqueued' },
    { action: 'cancel', runId: 'run-1', by, result: 'over' },
    { action: 'retry', runId: 'none', by, result: 'unknown' },
  ])
})

test('a finished run can not be cancelled', async () => {
  const dashboard = await makeDashboard(ROLES)
  await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, result: { outcome: 'failed' } })
  const answer = await post(dashboard, '/runs/run-1/cancel', AS_OPERATOR)
  expect(answer.headers.get('Location')).toBe('/runs/run-1?notice=over')
})

test.each<[how: string, remove: (queue: Dashboard['queue']) => Promise<unknown>, delay: number]>([
  ['removed from the queue', (queue) => queue.remove('run-1'), 0],
  ['removed from the queue while waiting for its Job', (queue) => queue.remove('run-1'), 600_000],
  ['cleaned from the queue', (queue) => queue.clean(0, 10, 'delayed'), 600_000],
  ['drained from the queue', (queue) => queue.drain(true), 0],
])('a run that was %s can be retried once and not cancelled', async (_, remove, delay) => {
  const dashboard = await makeDashboard(ROLES)
  const run = await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, job: true })
  await dashboard.queue.add('DiskSpaceLow', run, { jobId: run.id, delay, deduplication: { id: run.dedupId } })
  await remove(dashboard.queue)
  const cancelled = await post(dashboard, '/runs/run-1/cancel', AS_OPERATOR)
  expect(cancelled.headers.get('Location')).toBe('/runs/run-1?notice=over')
  expect(await dashboard.redis.get('{opifer}:cancel:run-1')).toBeNull()
  const retry = async () => (await post(dashboard, '/runs/run-1/retry', AS_OPERATOR)).headers.get('Location')
  const fresh = (await retry())?.replace('?notice=retried', '')
  expect(fresh).toBe('/runs/fresh-1')
  expect(await retry()).toBe(`${fresh}?notice=in-flight`)
})

test('a viewer gets no action buttons, and every post is rejected', async () => {
  const dashboard = await makeDashboard(ROLES)
  await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, result: { outcome: 'failed' } })
  const open = await recordRun(dashboard, { id: 'run-2', receivedAt: NOW - 60_000 })
  await dashboard.queue.add('DiskSpaceLow', open, { jobId: open.id })
  for (const [id, action] of [
    ['run-1', 'retry'],
    ['run-2', 'cancel'],
  ]) {
    expect((await dashboard.get(`/runs/${id}`, AS_VIEWER)).body).not.toContain(`/${action}"`)
    expect((await dashboard.get(`/runs/${id}`, AS_OPERATOR)).body).toContain(`action="/runs/${id}/${action}"`)
    for (const path of [`/runs/${id}/${action}`, `/api/runs/${id}/${action}`]) {
      expect((await post(dashboard, path, AS_VIEWER)).status, path).toBe(403)
    }
  }
  expect(await dashboard.queue.count()).toBe(1)
})

test('cross-site requests are rejected and change nothing', async () => {
  const dashboard = await makeDashboard(ROLES)
  await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, result: { outcome: 'failed' } })
  const crossSite = [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
  ]
  for (const headers of crossSite) {
    for (const path of ['/runs/run-1/retry', '/api/runs/run-1/retry', '/queues/api/queues/runs/pause', '/theme']) {
      expect((await post(dashboard, path, { ...AS_OPERATOR, ...headers })).status, path).toBe(403)
    }
  }
  expect(await dashboard.queue.count()).toBe(0)
  expect(await dashboard.queue.isPaused()).toBe(false)
})

test('Bull Board is read-only except for operators', async () => {
  const dashboard = await makeDashboard(ROLES)
  const pause = '/queues/api/queues/runs/pause'
  const method = { method: 'PUT' }
  expect((await dashboard.app.request(pause, { ...method, headers: AS_VIEWER })).status).toBe(403)
  expect(await dashboard.queue.isPaused()).toBe(false)
  const queues = async (headers: Record<string, string>) =>
    JSON.parse((await dashboard.get('/queues/api/queues', headers)).body).queues[0].readOnlyMode
  expect([await queues(AS_VIEWER), await queues(AS_OPERATOR)]).toEqual([true, false])
  expect((await dashboard.app.request(pause, { ...method, headers: AS_OPERATOR })).status).toBe(200)
  expect(await dashboard.queue.isPaused()).toBe(true)
})

test('the chosen theme is stored, and the redirect stays on this server', async () => {
  const dashboard = await makeDashboard()
  const answer = await post(dashboard, '/theme', {}, 'theme=dark&return=/runs?q=x')
  expect(answer.headers.get('Location')).toBe('/runs?q=x')
  const cookie = answer.headers.get('Set-Cookie')?.split(';')[0] ?? ''
  expect((await dashboard.get('/', { Cookie: cookie })).body).toContain('<html lang="en" data-theme="dark">')
  for (const back of [
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    '/%0d%0aX: y'.replace('%0d%0a', '\r\n'),
  ]) {
    const form = new URLSearchParams({ theme: 'light', return: back }).toString()
    expect((await post(dashboard, '/theme', {}, form)).headers.get('Location')).toBe('/')
  }
})
