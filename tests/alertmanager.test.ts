/**
 * What a real Alertmanager sends and repeats becomes one Job per alert, even while parts of Opifer are down. Whatever its
 * `group_interval`, Alertmanager retries one notification for ten seconds before it leaves it to the next.
 */
import type { Run } from '@opifer/core'
import {
  type Alertmanager,
  type AlertmanagerOptions,
  findAlertmanager,
  freePort,
  type OpiferProcess,
  PATIENCE,
  type PostedAlert,
  startAlertmanager,
  startIngest,
} from '@opifer/testkit'
import { afterAll, beforeAll, describe, expect, test, type TestContext, vi } from 'vitest'
import { makeOperario, succeed } from './harness/operario.ts'
import { startSystem, type System } from './harness/system.ts'

const isMissing = findAlertmanager() === undefined
if (isMissing) console.warn('Alertmanager is not on the PATH: its webhooks are not tested.')

/** Two alerts of one group. */
const NODES = ['node-1', 'node-2']
const PATIENT = { timeout: 40_000, interval: 100 }

describe.skipIf(isMissing).concurrent('Alertmanager', { timeout: 80_000 }, () => {
  let system: System

  beforeAll(async () => {
    const alertnames = ['Grouped', 'Clustered', 'Basic', 'Bearer', 'Refused']
    system = await startSystem({
      operarios: [
        ...alertnames.map((alertname) => makeOperario(alertname, succeed)),
        makeOperario('Grouped', succeed, { status: 'resolved' }),
      ],
    })
  })

  afterAll(() => system.stop())

  test('each alert of a group gets one Job, and another one when it resolves while the group still fires', async (context) => {
    const alertmanager = await runAlertmanager(context, { webhookUrl: `${system.ingest.url}/alerts` })
    await alertmanager.postAlerts(NODES.map((node) => alertOf('Grouped', node)))
    await expectRuns(system, 'Grouped', ['node-1 firing succeeded', 'node-2 firing succeeded'])

    await alertmanager.postAlerts([{ ...alertOf('Grouped', 'node-2'), endsAt: new Date().toISOString() }])
    await expectRuns(system, 'Grouped', [
      'node-1 firing succeeded',
      'node-2 firing succeeded',
      'node-2 resolved succeeded',
    ])
    // Alertmanager sends the whole group, with the alert that still fires.
    expect(await sample(system.ingest.url, 'opifer_alerts_total{result="cooldown"}')).toBeGreaterThan(0)
  })

  test('a clustered pair that could not reach ingest creates one Job per alert once ingest is up', async (context) => {
    const addr = `127.0.0.1:${await freePort()}`
    const webhookUrl = `http://${addr}/alerts`
    const first = await runAlertmanager(context, { webhookUrl, clusterListen: true, extraArgs: AT_ONCE })
    const peers = [first.clusterAddress ?? '']
    const second = await runAlertmanager(context, { webhookUrl, peers, extraArgs: AT_ONCE })
    const both = [first, second]
    await Promise.all(
      both.map((alertmanager) => alertmanager.postAlerts(NODES.map((node) => alertOf('Clustered', node)))),
    )
    await vi.waitFor(
      async () => {
        for (const alertmanager of both) expect(await failedRequests(alertmanager)).toBeGreaterThan(0)
      },
      { ...PATIENCE, ...PATIENT },
    )

    const ingest = await runIngest(context, addr)
    await vi.waitFor(async () => expect(await answers(ingest, 202)).toBeGreaterThanOrEqual(2), {
      ...PATIENCE,
      ...PATIENT,
    })
    await expectRuns(system, 'Clustered', ['node-1 firing succeeded', 'node-2 firing succeeded'])
  })

  test.for([
    {
      alertname: 'Basic',
      flags: ['--authMethod=basic', '--authBasicUser=alertmanager', '--authBasicPass=pä:ss word'],
      right: { basic_auth: { username: 'alertmanager', password: 'pä:ss word' } },
      wrong: { basic_auth: { username: 'alertmanager', password: 'guess' } },
    },
    {
      alertname: 'Bearer',
      flags: ['--authMethod=bearer', '--authBearerToken=t0ken.+/~='],
      right: { authorization: { credentials: 't0ken.+/~=' } },
      wrong: { authorization: { credentials: 'guess' } },
    },
  ])(
    'Alertmanager is admitted with valid $alertname credentials only',
    async ({ alertname, flags, right, wrong }, context) => {
      const ingest = await runIngest(context, '127.0.0.1:0', flags)
      const webhookUrl = `${ingest.url}/alerts`
      const unknown = await runAlertmanager(context, { webhookUrl, httpConfig: wrong })
      await unknown.postAlerts([alertOf('Refused', 'node-1')])
      await vi.waitFor(async () => expect(await answers(ingest, 401)).toBeGreaterThan(0), { ...PATIENCE, ...PATIENT })
      expect(await answers(ingest, 202)).toBe(0)
      await unknown.stop()

      const known = await runAlertmanager(context, { webhookUrl, httpConfig: right })
      await known.postAlerts([alertOf(alertname, 'node-1')])
      await expectRuns(system, alertname, ['node-1 firing succeeded'])
      expect(await runsOf(system, 'Refused')).toEqual([])
    },
  )

  test.for(['kill', 'pause'] as const)(
    'Alertmanager retries what ingest answered with 503 while Redis is down (%s)',
    async (fault, context) => {
      const own = await startSystem({
        operarios: [makeOperario('Away', succeed)],
        ingestFlags: ['--redisTimeout=1s'],
        redis: { appendonly: 'always' },
      })
      context.onTestFinished(() => own.stop())
      const alertmanager = await runAlertmanager(context, { webhookUrl: `${own.ingest.url}/alerts` })
      await alertmanager.postAlerts([alertOf('Away', 'node-1')])
      await expectRuns(own, 'Away', ['node-1 firing succeeded'])

      await own.redis[fault]()
      await alertmanager.postAlerts([alertOf('Away', 'node-2')])
      await vi.waitFor(
        async () => {
          expect(await answers(own.ingest, 503)).toBeGreaterThan(0)
          expect(await failedRequests(alertmanager)).toBeGreaterThan(0)
        },
        { ...PATIENCE, ...PATIENT },
      )
      if (fault === 'kill') await own.redis.restart()
      else own.redis.resume()
      await expectRuns(own, 'Away', ['node-1 firing succeeded', 'node-2 firing succeeded'])
    },
  )

  async function runIngest(context: TestContext, addr: string, flags: string[] = []): Promise<OpiferProcess> {
    const ingest = await startIngest({ redisUrl: system.redis.url, addr, flags })
    context.onTestFinished(async () => void (await ingest.stop()))
    return ingest
  }
})

/** By default each member of a cluster waits 15 seconds longer than the previous one. */
const AT_ONCE = ['--cluster.peer-timeout=0s']

async function runAlertmanager(context: TestContext, options: AlertmanagerOptions): Promise<Alertmanager> {
  // Alerts that are posted together should be in one notification.
  const alertmanager = await startAlertmanager({ groupWait: '300ms', ...options })
  let stopping: Promise<void> | undefined
  const stop = () => (stopping ??= alertmanager.stop())
  context.onTestFinished(stop)
  return { ...alertmanager, stop }
}

function alertOf(alertname: string, instance: string): PostedAlert {
  return { labels: { alertname, instance, severity: 'warning' }, annotations: { description: 'from a test' } }
}

/** Waits until the alerts of that name have exactly these runs, each with its own Job. */
async function expectRuns(system: System, alertname: string, want: string[]): Promise<void> {
  await vi.waitFor(
    async () => {
      const runs = await runsOf(system, alertname)
      expect(runs.map(describeRun).sort()).toEqual(want)
      expect(new Set(runs.map(({ job }) => job?.uid)).size).toBe(want.length)
    },
    { ...PATIENCE, ...PATIENT },
  )
  expect(await system.jobs(alertname)).toHaveLength(want.length)
}

async function runsOf({ runs }: System, alertname: string): Promise<Run[]> {
  return (await runs.all()).filter(({ alert }) => alert.alertname === alertname)
}

function describeRun({ alert, result }: Run): string {
  const instance = 'labels' in alert ? alert.labels['instance'] : undefined
  return `${instance} ${alert.status} ${result?.outcome ?? 'in flight'}`
}

/** The number of webhooks that ingest has answered with this code. */
async function answers(ingest: OpiferProcess, code: number): Promise<number> {
  return sample(ingest.url, `opifer_webhooks_total{code="${code}"}`)
}

/** The number of notifications that its webhook did not accept. */
async function failedRequests({ url }: Alertmanager): Promise<number> {
  return sample(url, 'alertmanager_notification_requests_failed_total{integration="webhook"')
}

/** The value of the first sample that starts with `prefix`; 0 if there is none. */
async function sample(url: string, prefix: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split('\n').find((each) => each.startsWith(prefix))
  return Number(line?.split(' ').at(-1) ?? 0)
}
