import { expect, test } from 'vitest'
import { recordRun } from '../../testing/builders.ts'
import { useDashboards, NOW } from '../../testing/dashboards.ts'

const makeDashboard = useDashboards()

/** The types of OpenFero's own front end. */
interface OpenFeroEntry {
  alert: { labels: Record<string, string>; annotations: Record<string, string>; startsAt?: string; endsAt?: string }
  status: 'firing' | 'resolved'
  timestamp: string
  jobInfo?: OpenFeroJob
}

interface OpenFeroJob {
  configMapName?: string
  operariusName?: string
  jobName?: string
  namespace?: string
  image?: string
  executionCount?: number
  lastExecutionTime?: string
  lastExecutedJobName?: string
  status?: string
}

/** Sends the requests of OpenFero's front end. */
class OpenFeroClient {
  readonly #request: (path: string) => Response | Promise<Response>

  constructor(request: (path: string) => Response | Promise<Response>) {
    this.#request = request
  }

  alerts = (q = '') => this.#get<OpenFeroEntry[]>(`/api/alerts?q=${encodeURIComponent(q)}`)
  alertStore = (q = '') => this.#get<OpenFeroEntry[]>(`/alertStore?q=${encodeURIComponent(q)}`)
  jobs = () => this.#get<OpenFeroJob[]>('/api/jobs')
  about = () => this.#get<{ version: string; commit: string; buildDate: string }>('/api/about')

  async #get<T>(path: string): Promise<T> {
    const response = await this.#request(path)
    if (response.headers.get('Content-Type') !== 'application/json') throw new Error('not JSON')
    return (await response.json()) as T
  }
}

async function makeClient() {
  const dashboard = await makeDashboard()
  await recordRun(dashboard, { id: 'run-1', receivedAt: NOW - 3_000, job: true, result: { outcome: 'succeeded' } })
  await recordRun(dashboard, {
    id: 'run-2',
    receivedAt: NOW - 2_000,
    alert: { status: 'resolved', endsAt: '2026-11-24T07:00:00Z' },
    result: { outcome: 'unmatched' },
  })
  const open = await recordRun(dashboard, {
    id: 'run-3',
    receivedAt: NOW - 1_000,
    labels: { instance: 'Web-7' },
    job: true,
  })
  await dashboard.queue.add('DiskSpaceLow', open, { jobId: open.id })
  return { dashboard, client: new OpenFeroClient((path) => dashboard.app.request(path)) }
}

test("GET /api/alerts lists alerts newest first, in OpenFero's shape", async () => {
  const { client } = await makeClient()
  const alerts = await client.alerts()
  expect(alerts.map(({ status }) => status)).toEqual(['firing', 'resolved', 'firing'])
  expect(alerts[2]).toEqual({
    alert: {
      labels: { alertname: 'DiskSpaceLow', severity: 'warning', instance: 'node-1' },
      annotations: { description: 'Disk space is running low' },
      startsAt: '2026-11-23T03:58:54.050894278Z',
    },
    status: 'firing',
    timestamp: '2026-11-24T07:59:57.000Z',
    jobInfo: {
      configMapName: 'openfero-diskspacelow-firing',
      operariusName: 'openfero-diskspacelow-firing',
      jobName: 'cleanup-disk-space-run-1',
      namespace: 'openfero',
      lastExecutionTime: '2026-11-24T07:59:57.250Z',
      lastExecutedJobName: 'cleanup-disk-space-run-1',
      status: 'Successful',
    },
  })
  expect(alerts[1]?.jobInfo).toBeUndefined()
  expect(alerts[1]?.alert.endsAt).toBe('2026-11-24T07:00:00Z')
  expect(alerts[0]?.jobInfo?.status).toBe('Running')
})

test('GET /alertStore returns the same as /api/alerts', async () => {
  const { client } = await makeClient()
  expect(await client.alertStore()).toEqual(await client.alerts())
})

test('the alert search ignores case', async () => {
  const { client } = await makeClient()
  expect((await client.alerts('web-7')).map(({ alert }) => alert.labels['instance'])).toEqual(['Web-7'])
  expect(await client.alertStore('nowhere')).toEqual([])
})

test('GET /api/jobs lists Operarios by ConfigMap name, with their last Job', async () => {
  const { client, dashboard } = await makeClient()
  const operarios = [{ key: 'DiskSpaceLow' }]
  await dashboard.catalogue.replaceAll([
    { configMap: 'openfero/openfero-diskspacelow-firing', resourceVersion: '1', disabled: false, operarios },
  ])
  expect(await client.jobs()).toEqual([
    {
      configMapName: 'openfero-diskspacelow-firing',
      operariusName: 'openfero-diskspacelow-firing',
      jobName: 'DiskSpaceLow',
      namespace: 'openfero',
      image: 'unknown',
      executionCount: 2,
      lastExecutionTime: '2026-11-24T07:59:59.250Z',
      lastExecutedJobName: 'cleanup-disk-space-run-3',
      status: 'Running',
    },
  ])
})

test("GET /api/about returns the build in OpenFero's shape", async () => {
  const { client } = await makeClient()
  expect(await client.about()).toEqual({ version: '1.2.3', commit: 'c0ffee', buildDate: '2026-11-24' })
})
