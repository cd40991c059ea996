/**
 * The metrics of the real processes after real traffic: clean by Prometheus' own linter, equal to docs/metrics.md, and
 * bounded whatever is sent.
 */
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { findExecutable, type OpiferProcess, PATIENCE, startDashboard } from '@opifer/testkit'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { documentedMetrics } from './harness/documented-metrics.ts'
import { type ExposedMetric, exposedMetrics } from './harness/metrics.ts'
import { makeOperario, shell, succeed } from './harness/operario.ts'
import { startSystem, type System } from './harness/system.ts'
import { firing, makeAlert, makeWebhook } from './harness/webhook.ts'

const promtool = findExecutable('promtool')
if (promtool === undefined) console.warn('promtool is not on the PATH: the metrics are not linted.')

/** Alertnames that try to break a line, a label or a scrape. */
const HOSTILE = ['a"b', 'a\\b', 'a\nb 1', '{}', '\u0000', '\ud800', '\udfff', 'ä'.repeat(5_000), '__name__', 'other']

let system: System
let dashboard: OpiferProcess

beforeAll(async () => {
  system = await startSystem({
    operarios: [
      makeOperario('Succeeds', succeed),
      makeOperario('Fails', shell('exit 3')),
      makeOperario('Broken', succeed, { manifest: 'no manifest' }),
    ],
  })
  dashboard = await startDashboard({ redisUrl: system.redis.url })
  await giveTraffic(system)
})

afterAll(async () => {
  await dashboard.stop()
  await system.stop()
})

const processes = () => ({ ingest: system.ingest, worker: system.workers[0] as OpiferProcess, dashboard })

describe.each(['ingest', 'worker', 'dashboard'] as const)('The metrics of %s', (name) => {
  test.skipIf(promtool === undefined)(`promtool accepts the metrics of ${name}`, async () => {
    const input = await scrape(processes()[name])
    const { status, stdout, stderr } = spawnSync(promtool ?? '', ['check', 'metrics'], { input, encoding: 'utf8' })
    expect({ status, output: stdout + stderr }).toEqual({ status: 0, output: '' })
  })

  test(`the metrics of ${name} are exactly those of docs/metrics.md, with types and labels`, async () => {
    const exposed = exposedMetrics(await scrape(processes()[name])).filter(({ name: metric }) => !isOfRuntime(metric))
    const page = await readFile(new URL('../docs/metrics.md', import.meta.url), 'utf8')
    expect(exposed.sort(byName)).toEqual(documentedMetrics(page, ['Every process', name]).sort(byName))
  })
})

test('every status code of ingest is counted from the start and documented', async () => {
  const text = await scrape(processes().ingest)
  const counted = [...text.matchAll(/^opifer_webhooks_total\{code="(\d+)"\}/gm)].map(([, code = '']) => code)
  expect(counted.sort()).toEqual(['202', '400', '401', '403', '413', '415', '503'])
  const page = await readFile(new URL('../docs/metrics.md', import.meta.url), 'utf8')
  const [row = ''] = /^\| `opifer_webhooks_total`.*$/m.exec(page) ?? []
  expect(row.match(/\b\d{3}\b/g)).toEqual(counted)
})

describe('Run metrics', () => {
  test("runs are counted by outcome and alertname, Jobs under OpenFero's names", async () => {
    const text = await scrape(processes().worker)
    for (const line of [
      'opifer_runs_total{outcome="succeeded",alertname="Succeeds"} 1',
      'opifer_runs_total{outcome="failed",alertname="Fails"} 1',
      'opifer_runs_total{outcome="invalid",alertname="Broken"} 1',
      'openfero_jobs_created_total 2',
      'openfero_jobs_succeeded_total 1',
      'openfero_jobs_failed_total 1',
      'opifer_job_duration_seconds_count{outcome="succeeded"} 1',
      'opifer_run_time_to_job_seconds_count 2',
      'opifer_kube_api_requests_total{verb="create",resource="jobs",code="201"} 2',
      'opifer_kube_api_requests_total{verb="get",resource="pods/log",code="200"} 1',
      'opifer_create_limit 50',
      'opifer_redis_up 1',
      'opifer_queue_runs{state="waiting"} 0',
    ]) {
      expect(text.split('\n')).toContain(line)
    }
  })

  test('the number of alertnames in metrics is bounded, and the rest are counted as other', async () => {
    const alerts = Array.from({ length: 300 }, (_, index) => makeAlert(`Unknown${index}`))
    const receipts = await system.post(makeWebhook(alerts, { groupKey: 'many' }))
    await Promise.all(receipts.map(({ runId }) => system.runs.end(runId)))
    const lines = (await scrape(processes().worker)).split('\n')
    const alertnames = new Set(lines.flatMap((line) => /^opifer_runs_total\{.*alertname="(.*)"/.exec(line)?.[1] ?? []))
    expect(alertnames.size).toBeLessThanOrEqual(201)
    expect(lines.find((line) => line.includes('outcome="unmatched",alertname="other"'))).toBeDefined()
  })
})

test('metrics show at once that Redis is down, and hide the unknown state of the queue', async () => {
  await system.redis.kill()
  const all = Object.values(processes())
  await vi.waitFor(async () => {
    for (const text of await Promise.all(all.map(scrape))) expect(text).toContain('\nopifer_redis_up 0\n')
  }, PATIENCE)
  for (const text of await Promise.all(all.map(scrape))) expect(text).not.toContain('opifer_queue_runs{')
  await system.redis.restart()
  await vi.waitFor(async () => {
    for (const text of await Promise.all(all.map(scrape))) expect(text).toContain('opifer_queue_runs{state="waiting"}')
  }, PATIENCE)
})

/** Some traffic for every metric. */
async function giveTraffic({ cluster, post, run, ingest, runs }: System): Promise<void> {
  const [first] = await post(firing('Succeeds'))
  await runs.end(first?.runId ?? '')
  for (const alertname of ['Fails', 'Broken']) await run(firing(alertname))
  const unknown = await run(firing('Unknown'))
  const receipts = await post(
    makeWebhook(
      HOSTILE.map((alertname) => makeAlert(alertname)),
      { groupKey: 'hostile' },
    ),
  )
  await Promise.all(receipts.map(({ runId }) => runs.end(runId)))
  const again = await fetch(`${dashboard.url}/api/runs/${unknown.id}/retry`, { method: 'POST' })
  await runs.end(((await again.json()) as { runId: string }).runId)
  await fetch(`${ingest.url}/alerts`, { method: 'POST', body: '{', headers: { 'Content-Type': 'application/json' } })
  cluster.faults.cutWatches()
  await vi.waitFor(() => expect(cluster.store.list('events').filter(isOfConfigMap)).toHaveLength(2), PATIENCE)
  await vi.waitFor(async () => {
    const text = await scrape(processes().worker)
    for (const resource of ['configmaps', 'jobs']) {
      expect(text).toContain(`opifer_watch_interruptions_total{resource="${resource}"}`)
    }
  }, PATIENCE)
}

function isOfConfigMap({ involvedObject }: Record<string, unknown>): boolean {
  return (involvedObject as { kind?: string }).kind === 'ConfigMap'
}

async function scrape({ url }: OpiferProcess): Promise<string> {
  return (await fetch(`${url}/metrics`)).text()
}

/** Metrics of prom-client itself, which the page names as a group. */
function isOfRuntime(metric: string): boolean {
  return /^(process|nodejs)_/.test(metric)
}

function byName(a: ExposedMetric, b: ExposedMetric): number {
  return a.name.localeCompare(b.name)
}
