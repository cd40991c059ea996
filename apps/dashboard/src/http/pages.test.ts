import { makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { recordRun } from '../testing/builders.ts'
import { useDashboards, NOW } from '../testing/dashboards.ts'

const makeDashboard = useDashboards()

test('every page explains why it is empty', async () => {
  const { get } = await makeDashboard()
  expect((await get('/')).body).toContain('No worker is running')
  expect((await get('/runs')).body).toContain('No runs yet')
  expect((await get('/operarios')).body).toContain('No Operarios yet')
})

test('the list shows runs newest first, with outcome, Job and reason', async () => {
  const dashboard = await makeDashboard()
  await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, job: true, result: { outcome: 'succeeded' } })
  await recordRun(dashboard, { id: 'run-2', receivedAt: NOW - 30_000, job: true, result: FAILED })
  const { body } = await dashboard.get('/runs')
  expect(body.indexOf('data-run="run-2"')).toBeLessThan(body.indexOf('data-run="run-1"'))
  expect(body).toContain('cleanup-disk-space-run-1')
  expect(body).toContain('exit code 3')
  expect(body).toContain('BackoffLimitExceeded')
})

test.each([
  ['outcome=failed', ['run-failed']],
  ['outcome=failed,succeeded', ['run-failed', 'run-resolved', 'run-succeeded']],
  ['outcome=running', ['run-open']],
  ['outcome=running&outcome=failed', ['run-failed', 'run-open']],
  ['alertname=BackupOverdue', ['run-failed']],
  ['status=resolved', ['run-resolved']],
  ['match=severity%3D%22critical%22', ['run-failed', 'run-open']],
  ['match=severity%3D~%22crit.*%22%2Cinstance!%3D%22node-1%22', ['run-open']],
  ['q=still', ['run-failed']],
  ['range=1h', ['run-open', 'run-resolved', 'run-succeeded']],
  ['from=2026-11-24T05:00:00Z&to=2026-11-24T07:00', ['run-failed']],
  ['from=2026-11-24&to=2026-11-24T12:00%2B05:00', ['run-failed']],
  ['to=2026-11-24', []],
])('the list is filtered by %s', async (search, expected) => {
  const dashboard = await makeDashboard()
  await recordFourRuns(dashboard)
  const { body, status } = await dashboard.get(`/runs?${search}`)
  expect(status).toBe(200)
  expect(idsIn(body).sort()).toEqual(expected)
})

test.each([
  ['match=severity', 'is not a matcher'],
  ['match=severity%3D~%22(%22', 'missing closing'],
  ['outcome=splendid', 'splendid'],
  ['status=smouldering', 'neither firing nor resolved'],
  ['range=long', 'is not a duration'],
  ['from=yesterday', 'is not a time'],
  ['from=2026-11-24%2B05:00', 'is not a time'],
  ['to=2026-11-24Z', 'is not a time'],
  ['cursor=nonsense', 'is not a cursor'],
])('an invalid filter is reported with its field: %s', async (search, text) => {
  const { get } = await makeDashboard()
  const { body, status } = await get(`/runs?${search}`)
  expect(status).toBe(400)
  expect(body).toContain(text)
  expect(body).toContain('Invalid filter')
})

test('the next page is linked by cursor and keeps the filter', async () => {
  const dashboard = await makeDashboard()
  for (let index = 0; index < 51; index++) {
    await recordRun(dashboard, { id: `run-${index}`, receivedAt: NOW - index * 1_000, result: { outcome: 'failed' } })
  }
  const first = await dashboard.get('/runs?outcome=failed')
  expect(idsIn(first.body)).toHaveLength(50)
  const next = /rel="next" href="([^"]+)"/.exec(first.body)?.[1]?.replaceAll('&amp;', '&') ?? ''
  expect(next).toContain('outcome=failed')
  expect(idsIn((await dashboard.get(next)).body)).toEqual(['run-50'])
})

test('a run that only the queue knows is announced in the list and has a page', async () => {
  const dashboard = await makeDashboard()
  const run = makeRun({ id: '0d6c6f5a.1', receivedAt: NOW - 90_000 })
  await dashboard.queue.add('DiskSpaceLow', run, { jobId: run.id })
  expect((await dashboard.get('/runs')).body).toContain('1 run waiting for a worker')
  const { body } = await dashboard.get(`/runs/${run.id}`)
  expect(body).toContain('No worker has picked up this run yet.')
  expect(body).toContain('Waiting for a worker')
  expect((await dashboard.get('/')).body).toContain('The oldest run has waited 1 min 30 s for a worker.')
})

test('the page of a run that was removed from the queue says so, and offers a retry', async () => {
  const dashboard = await makeDashboard()
  const run = await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, job: true })
  await dashboard.queue.add('DiskSpaceLow', run, { jobId: run.id, delay: 600_000 })
  expect((await dashboard.get('/runs/run-1')).body).toContain('Waiting for the Job to end')
  await dashboard.queue.remove('run-1')
  const { body } = await dashboard.get('/runs/run-1')
  expect(body).toContain('This run is no longer in the queue, and its result was not recorded.')
  expect(body).toContain('No longer in the queue')
  expect(body).toContain('action="/runs/run-1/retry"')
  expect(body).not.toContain('action="/runs/run-1/cancel"')
  expect(body).not.toContain('o-running')
})

test('the page of a run shows its stages, errors, exit codes, log lines and the Job as it was sent', async () => {
  const dashboard = await makeDashboard()
  await recordRun(dashboard, {
    id: 'run-1',
    receivedAt: NOW - 60_000,
    job: true,
    errors: [{ at: NOW - 59_900, message: 'Kubernetes API: 503' }],
    jobTimes: { startedAt: NOW - 58_000, endedAt: NOW - 57_000 },
    result: FAILED,
  })
  const { body } = await dashboard.get('/runs/run-1')
  for (const stage of [
    'Received',
    'Picked up by a worker',
    'Attempt 1 failed',
    'Job created',
    'Job started',
    'Job ended',
  ]) {
    expect(body).toContain(stage)
  }
  expect(body).toContain('Kubernetes API: 503')
  expect(body).toContain('disk still full')
  expect(body).toContain('name: cleanup-disk-space-run-1')
  expect(body).toContain('name: OPENFERO_SEVERITY')
})

test('the page of a run shows what the alert did next, and links to its other runs', async () => {
  const dashboard = await makeDashboard()
  await recordRun(dashboard, {
    id: 'run-1',
    receivedAt: NOW - 60_000,
    job: true,
    result: { outcome: 'succeeded', finishedAt: NOW - 50_000 },
  })
  await recordRun(dashboard, {
    id: 'run-2',
    receivedAt: NOW - 20_000,
    alert: { status: 'resolved' },
    result: { outcome: 'unmatched' },
  })
  const { body } = await dashboard.get('/runs/run-1')
  expect(body).toContain('The alert resolved 30 s after this run ended.')
  expect(body).toContain('href="/runs/run-2"')
})

test('the page of a run looks at the run that came next, however many came later', async () => {
  const dashboard = await makeDashboard()
  const begin = NOW - 3_600_000
  await recordRun(dashboard, { id: 'run-0', receivedAt: begin, job: true, result: { outcome: 'succeeded' } })
  await recordRun(dashboard, {
    id: 'run-1',
    receivedAt: begin + 124_000,
    alert: { status: 'resolved' },
    result: { outcome: 'unmatched' },
  })
  for (let number = 3; number <= 62; number++) {
    await recordRun(dashboard, {
      id: `run-${number}`,
      receivedAt: begin + number * 50_000,
      result: { outcome: 'failed' },
    })
  }
  const { body } = await dashboard.get('/runs/run-0')
  expect(body).toContain('The alert resolved 2 min after this run ended.')
  expect(neighborsIn(body)).toEqual(['run-7', 'run-6', 'run-5', 'run-4', 'run-3', 'run-1'])
})

test('runs received in the same millisecond are each listed once', async () => {
  const dashboard = await makeDashboard()
  for (const id of ['run-1', 'run-2', 'run-3']) {
    await recordRun(dashboard, { id, receivedAt: NOW - 60_000, result: { outcome: 'failed' } })
  }
  expect(neighborsIn((await dashboard.get('/runs/run-2')).body)).toEqual(['run-3', 'run-1'])
})

test.each(['no-such-run-1', 'meta', 'wait', '..%2f..%2fetc', '%00', 'a'.repeat(5_000)])(
  'an unknown run id is answered with 404: %j',
  async (id) => {
    const { get } = await makeDashboard()
    expect((await get(`/runs/${id}`)).status).toBe(404)
  },
)

test('the Operarios page shows errors, success rates and unmatched alerts', async () => {
  const dashboard = await makeDashboard()
  await recordFourRuns(dashboard)
  await recordRun(dashboard, {
    id: 'run-9',
    receivedAt: NOW - 1_000,
    labels: { alertname: 'Net Ñ' },
    result: { outcome: 'unmatched' },
  })
  await dashboard.catalogue.replaceAll([
    entry('openfero/openfero-backupoverdue-firing', { key: 'BackupOverdue', problem: 'kind must be Job' }),
    entry('openfero/openfero-diskspacelow-firing', { key: 'DiskSpaceLow' }),
  ])
  const { body } = await dashboard.get('/operarios')
  expect(body).toContain('kind must be Job')
  expect(body).toContain('100 %')
  expect(body).toContain('openfero-net---firing')
  expect((await dashboard.get('/')).body).toContain('1 Operario is invalid')
})

test('the overview reports all healthy once workers and ingest are running', async () => {
  const dashboard = await makeDashboard()
  await announce(dashboard, 'worker', 'ingest')
  await recordFourRuns(dashboard)
  await dashboard.depth.write({ at: NOW - 60_000, waiting: 7, active: 1, delayed: 2 })
  const { body } = await dashboard.get('/')
  expect(body).toContain('All healthy')
  expect(body).toContain('1 worker is running')
  expect(body).toContain('<summary>Runs by outcome as a table</summary>')
  expect(body).toMatch(/>7<\/td>/)
  for (const span of ['1h', '6h', '7d', 'nonsense']) expect((await dashboard.get(`/?span=${span}`)).status).toBe(200)
})

test('pages and readiness answer 503 while Redis is down', async () => {
  const dashboard = await makeDashboard()
  dashboard.redis.disconnect()
  const { status, body } = await dashboard.get('/runs')
  expect(status).toBe(503)
  expect(body).toContain('Redis did not respond')
  expect((await dashboard.get('/readiness')).status).toBe(503)
})

const FAILED = {
  outcome: 'failed',
  reason: 'BackoffLimitExceeded: Job has reached the specified backoff limit; exit code 3',
  exits: [{ pod: 'cleanup-x', container: 'cleanup', exitCode: 3 }],
  log: 'disk still full',
} as const

type Dashboard = Awaited<ReturnType<typeof makeDashboard>>

async function recordFourRuns(dashboard: Dashboard) {
  const hour = 3_600_000
  const failed = { ...FAILED, reason: 'disk still full' }
  await recordRun(dashboard, {
    id: 'run-failed',
    receivedAt: NOW - 2 * hour,
    labels: { alertname: 'BackupOverdue', severity: 'critical' },
    job: true,
    result: failed,
  })
  await recordRun(dashboard, {
    id: 'run-succeeded',
    receivedAt: NOW - 50_000,
    job: true,
    result: { outcome: 'succeeded' },
  })
  await recordRun(dashboard, {
    id: 'run-resolved',
    receivedAt: NOW - 40_000,
    alert: { status: 'resolved' },
    job: true,
    result: { outcome: 'succeeded' },
  })
  await recordRun(dashboard, {
    id: 'run-open',
    receivedAt: NOW - 30_000,
    labels: { severity: 'critical', instance: 'node-2' },
  })
}

function entry(configMap: string, operario: { key: string; problem?: string }) {
  return { configMap, resourceVersion: '1', disabled: false, operarios: [operario] }
}

async function announce({ presence }: Dashboard, ...apps: ('worker' | 'ingest')[]) {
  for (const app of apps)
    await presence.announce({ id: app, app, host: 'here', pid: 1, version: '0.1.0', startedAt: NOW })
}

/** The runs of the same alert that the page of a run links to. */
function neighborsIn(body: string): string[] {
  const [, list = ''] = /<ol class="history">(.*?)<\/ol>/s.exec(body) ?? []
  return [...list.matchAll(/href="\/runs\/([^"]+)"/g)].map(([, id]) => id ?? '')
}

function idsIn(body: string): string[] {
  return [...body.matchAll(/data-run="([^"]+)"/g)].map(([, id]) => id ?? '')
}
