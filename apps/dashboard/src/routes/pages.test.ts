import { makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { tell } from '../testing/builders.ts'
import { givenDashboards, NOW } from '../testing/given.ts'

const givenDashboard = givenDashboards()

test('every page says that it is empty, and why, while there is nothing', async () => {
  const { get } = await givenDashboard()
  expect((await get('/')).body).toContain('No worker is there')
  expect((await get('/runs')).body).toContain('No runs yet')
  expect((await get('/operarios')).body).toContain('No Operario is known')
})

test('the list shows runs from new to old, with outcome, Job and what went wrong', async () => {
  const dashboard = await givenDashboard()
  await tell(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, job: true, result: { outcome: 'succeeded' } })
  await tell(dashboard, { id: 'run-2', receivedAt: NOW - 30_000, job: true, result: FAILED })
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
  ['q=somebody', ['run-failed']],
  ['range=1h', ['run-open', 'run-resolved', 'run-succeeded']],
  ['from=2026-11-24T05:00:00Z&to=2026-11-24T07:00', ['run-failed']],
  ['from=2026-11-24&to=2026-11-24T12:00%2B05:00', ['run-failed']],
  ['to=2026-11-24', []],
])('the list can be narrowed by %s', async (search, expected) => {
  const dashboard = await givenDashboard()
  await tellFour(dashboard)
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
  ['cursor=nonsense', 'is no cursor'],
])('a filter that can not be understood is told beside its field: %s', async (search, words) => {
  const { get } = await givenDashboard()
  const { body, status } = await get(`/runs?${search}`)
  expect(status).toBe(400)
  expect(body).toContain(words)
  expect(body).toContain('Nothing was looked for')
})

test('later pages follow by cursor, and the filter stays', async () => {
  const dashboard = await givenDashboard()
  for (let index = 0; index < 51; index++) {
    await tell(dashboard, { id: `run-${index}`, receivedAt: NOW - index * 1_000, result: { outcome: 'failed' } })
  }
  const first = await dashboard.get('/runs?outcome=failed')
  expect(idsIn(first.body)).toHaveLength(50)
  const next = /rel="next" href="([^"]+)"/.exec(first.body)?.[1]?.replaceAll('&amp;', '&') ?? ''
  expect(next).toContain('outcome=failed')
  expect(idsIn((await dashboard.get(next)).body)).toEqual(['run-50'])
})

test('runs that no worker has taken up are told of, and have a page from the queue', async () => {
  const dashboard = await givenDashboard()
  const run = makeRun({ id: '0d6c6f5a.1', receivedAt: NOW - 90_000 })
  await dashboard.queue.add('DiskSpaceLow', run, { jobId: run.id })
  expect((await dashboard.get('/runs')).body).toContain('One run waits for a worker')
  const { body } = await dashboard.get(`/runs/${run.id}`)
  expect(body).toContain('No worker has taken it up yet.')
  expect(body).toContain('Waits for a worker')
  expect((await dashboard.get('/')).body).toContain('The oldest run has waited 1 min 30 s for a worker.')
})

test('a run that was removed from the queue says so', async () => {
  const dashboard = await givenDashboard()
  const run = await tell(dashboard, { id: 'run-1', receivedAt: NOW - 60_000, job: true })
  await dashboard.queue.add('DiskSpaceLow', run, { jobId: run.id, delay: 600_000 })
  expect((await dashboard.get('/runs/run-1')).body).toContain('Waits for the Job to end')
  await dashboard.queue.remove('run-1')
  const { body } = await dashboard.get('/runs/run-1')
  expect(body).toContain('It is no longer in the queue, and how it ended is not on record.')
  expect(body).toContain('No longer in the queue')
  expect(body).toContain('action="/runs/run-1/retry"')
  expect(body).not.toContain('action="/runs/run-1/cancel"')
  expect(body).not.toContain('o-running')
})

test('the page of a run tells its stages, errors, exit codes, log lines and the Job as it was sent', async () => {
  const dashboard = await givenDashboard()
  await tell(dashboard, {
    id: 'run-1',
    receivedAt: NOW - 60_000,
    job: true,
    errors: [{ at: NOW - 59_900, message: 'Kubernetes API: 503' }],
    jobTimes: { startedAt: NOW - 58_000, endedAt: NOW - 57_000 },
    result: FAILED,
  })
  const { body } = await dashboard.get('/runs/run-1')
  for (const words of [
    'Received',
    'Taken up by a worker',
    'Attempt 1 failed',
    'Job created',
    'Job started',
    'Job ended',
  ]) {
    expect(body).toContain(words)
  }
  expect(body).toContain('Kubernetes API: 503')
  expect(body).toContain('somebody must look')
  expect(body).toContain('name: cleanup-disk-space-run-1')
  expect(body).toContain('name: OPENFERO_SEVERITY')
})

test('the page of a run says whether it helped, and which runs the same alert had', async () => {
  const dashboard = await givenDashboard()
  await tell(dashboard, {
    id: 'run-1',
    receivedAt: NOW - 60_000,
    job: true,
    result: { outcome: 'succeeded', finishedAt: NOW - 50_000 },
  })
  await tell(dashboard, {
    id: 'run-2',
    receivedAt: NOW - 20_000,
    alert: { status: 'resolved' },
    result: { outcome: 'unmatched' },
  })
  const { body } = await dashboard.get('/runs/run-1')
  expect(body).toContain('The alert was resolved 30 s after this run ended.')
  expect(body).toContain('href="/runs/run-2"')
})

test('whether a run helped is told by what came next, however many runs the same alert had since', async () => {
  const dashboard = await givenDashboard()
  const begin = NOW - 3_600_000
  await tell(dashboard, { id: 'run-0', receivedAt: begin, job: true, result: { outcome: 'succeeded' } })
  await tell(dashboard, {
    id: 'run-1',
    receivedAt: begin + 124_000,
    alert: { status: 'resolved' },
    result: { outcome: 'unmatched' },
  })
  for (let number = 3; number <= 62; number++) {
    await tell(dashboard, { id: `run-${number}`, receivedAt: begin + number * 50_000, result: { outcome: 'failed' } })
  }
  const { body } = await dashboard.get('/runs/run-0')
  expect(body).toContain('The alert was resolved 2 min after this run ended.')
  expect(neighboursIn(body)).toEqual(['run-7', 'run-6', 'run-5', 'run-4', 'run-3', 'run-1'])
})

test('runs of the same millisecond stand beside a run once each', async () => {
  const dashboard = await givenDashboard()
  for (const id of ['run-1', 'run-2', 'run-3']) {
    await tell(dashboard, { id, receivedAt: NOW - 60_000, result: { outcome: 'failed' } })
  }
  expect(neighboursIn((await dashboard.get('/runs/run-2')).body)).toEqual(['run-3', 'run-1'])
})

test.each(['no-such-run-1', 'meta', 'wait', '..%2f..%2fetc', '%00', 'a'.repeat(5_000)])(
  'there is no run %j',
  async (id) => {
    const { get } = await givenDashboard()
    expect((await get(`/runs/${id}`)).status).toBe(404)
  },
)

test('Operarios are shown with what is wrong, how their runs went, and what alerts had none', async () => {
  const dashboard = await givenDashboard()
  await tellFour(dashboard)
  await tell(dashboard, {
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
  expect((await dashboard.get('/')).body).toContain('One Operario is faulty')
})

test('the overview says that everything is well once workers and ingest are there', async () => {
  const dashboard = await givenDashboard()
  await announce(dashboard, 'worker', 'ingest')
  await tellFour(dashboard)
  await dashboard.depth.write({ at: NOW - 60_000, waiting: 7, active: 1, delayed: 2 })
  const { body } = await dashboard.get('/')
  expect(body).toContain('Everything is well')
  expect(body).toContain('one worker is there')
  expect(body).toContain('<summary>Figures of runs by outcome</summary>')
  expect(body).toMatch(/>7<\/td>/)
  for (const span of ['1h', '6h', '7d', 'nonsense']) expect((await dashboard.get(`/?span=${span}`)).status).toBe(200)
})

test('while Redis is away a page says so in words, and readiness is refused', async () => {
  const dashboard = await givenDashboard()
  dashboard.redis.disconnect()
  const { status, body } = await dashboard.get('/runs')
  expect(status).toBe(503)
  expect(body).toContain('Redis did not answer')
  expect((await dashboard.get('/readiness')).status).toBe(503)
})

const FAILED = {
  outcome: 'failed',
  reason: 'BackoffLimitExceeded: Job has reached the specified backoff limit; exit code 3',
  exits: [{ pod: 'cleanup-x', container: 'cleanup', exitCode: 3 }],
  log: 'somebody must look',
} as const

type Dashboard = Awaited<ReturnType<typeof givenDashboard>>

async function tellFour(dashboard: Dashboard) {
  const hour = 3_600_000
  const failed = { ...FAILED, reason: 'somebody must look' }
  await tell(dashboard, {
    id: 'run-failed',
    receivedAt: NOW - 2 * hour,
    labels: { alertname: 'BackupOverdue', severity: 'critical' },
    job: true,
    result: failed,
  })
  await tell(dashboard, { id: 'run-succeeded', receivedAt: NOW - 50_000, job: true, result: { outcome: 'succeeded' } })
  await tell(dashboard, {
    id: 'run-resolved',
    receivedAt: NOW - 40_000,
    alert: { status: 'resolved' },
    job: true,
    result: { outcome: 'succeeded' },
  })
  await tell(dashboard, {
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

/** Other runs that the page of a run links to as those of the same alert. */
function neighboursIn(body: string): string[] {
  const [, list = ''] = /<ol class="history">(.*?)<\/ol>/s.exec(body) ?? []
  return [...list.matchAll(/href="\/runs\/([^"]+)"/g)].map(([, id]) => id ?? '')
}

function idsIn(body: string): string[] {
  return [...body.matchAll(/data-run="([^"]+)"/g)].map(([, id]) => id ?? '')
}
