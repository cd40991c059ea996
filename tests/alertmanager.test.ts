/**
 * What a real Alertmanager sends, and sends again, becomes one Job per alert, whichever part of Opifer is away meanwhile.
 * Whatever its `group_interval`, it tries one notification for ten seconds before it leaves it to the next.
 */
import type { Run } from '@opifer/core'
import {
  type Alertmanager,
  type AlertmanagerOptions,
  eventually,
  findAlertmanager,
  freePort,
  type OpiferProcess,
  type PostedAlert,
  startAlertmanager,
  startIngest,
} from '@opifer/testkit'
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest'
import { makeOperario, succeed } from './harness/operario.ts'
import { startSystem, type System } from './harness/system.ts'

const isMissing = findAlertmanager() === undefined
if (isMissing) console.warn('There is no Alertmanager on the PATH: what it sends is not tested.')

/** Two alerts of one group. */
const NODES = ['node-1', 'node-2']
const PATIENT = { timeout: 40_000, interval: 100 }

describe.skipIf(isMissing).concurrent('What a real Alertmanager sends', { timeout: 80_000 }, () => {
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

  test('is one Job for each alert of a group, and one more when one of them is over while the group still fires', async (context) => {
    const alertmanager = await givenAlertmanager(context, { webhookUrl: `${system.ingest.url}/alerts` })
    await alertmanager.postAlerts(NODES.map((node) => alertOf('Grouped', node)))
    await expectRuns(system, 'Grouped', ['node-1 firing succeeded', 'node-2 firing succeeded'])

    await alertmanager.postAlerts([{ ...alertOf('Grouped', 'node-2'), endsAt: new Date().toISOString() }])
    await expectRuns(system, 'Grouped', [
      'node-1 firing succeeded',
      'node-2 firing succeeded',
      'node-2 resolved succeeded',
    ])
    // The group came whole, with the alert that still fires.
    expect(await sample(system.ingest.url, 'opifer_alerts_total{result="cooldown"}')).toBeGreaterThan(0)
  })

  test('by two clustered ones that both found ingest away is one Job for each alert, once it is there', async (context) => {
    const addr = `127.0.0.1:${await freePort()}`
    const webhookUrl = `http://${addr}/alerts`
    const first = await givenAlertmanager(context, { webhookUrl, clusterListen: true, extraArgs: AT_ONCE })
    const peers = [first.clusterAddress ?? '']
    const second = await givenAlertmanager(context, { webhookUrl, peers, extraArgs: AT_ONCE })
    const both = [first, second]
    await Promise.all(
      both.map((alertmanager) => alertmanager.postAlerts(NODES.map((node) => alertOf('Clustered', node)))),
    )
    await eventually(async () => {
      for (const alertmanager of both) expect(await failedRequests(alertmanager)).toBeGreaterThan(0)
    }, PATIENT)

    const ingest = await givenIngest(context, addr)
    await eventually(async () => expect(await answers(ingest, 202)).toBeGreaterThanOrEqual(2), PATIENT)
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
    'is let in by the credentials of $alertname authentication, and by no others',
    async ({ alertname, flags, right, wrong }, context) => {
      const ingest = await givenIngest(context, '127.0.0.1:0', flags)
      const webhookUrl = `${ingest.url}/alerts`
      const stranger = await givenAlertmanager(context, { webhookUrl, httpConfig: wrong })
      await stranger.postAlerts([alertOf('Refused', 'node-1')])
      await eventually(async () => expect(await answers(ingest, 401)).toBeGreaterThan(0), PATIENT)
      expect(await answers(ingest, 202)).toBe(0)
      await stranger.stop()

      const friend = await givenAlertmanager(context, { webhookUrl, httpConfig: right })
      await friend.postAlerts([alertOf(alertname, 'node-1')])
      await expectRuns(system, alertname, ['node-1 firing succeeded'])
      expect(await runsOf(system, 'Refused')).toEqual([])
    },
  )

  test.for(['kill', 'pause'] as const)(
    'while Redis is away, by %s, is refused with 503 and comes again',
    async (fault, context) => {
      const own = await startSystem({
        operarios: [makeOperario('Away', succeed)],
        ingestFlags: ['--redisTimeout=1s'],
        redis: { appendonly: 'always' },
      })
      context.onTestFinished(() => own.stop())
      const alertmanager = await givenAlertmanager(context, { webhookUrl: `${own.ingest.url}/alerts` })
      await alertmanager.postAlerts([alertOf('Away', 'node-1')])
      await expectRuns(own, 'Away', ['node-1 firing succeeded'])

      await own.redis[fault]()
      await alertmanager.postAlerts([alertOf('Away', 'node-2')])
      await eventually(async () => {
        expect(await answers(own.ingest, 503)).toBeGreaterThan(0)
        expect(await failedRequests(alertmanager)).toBeGreaterThan(0)
      }, PATIENT)
      if (fault === 'kill') await own.redis.restart()
      else own.redis.resume()
      await expectRuns(own, 'Away', ['node-1 firing succeeded', 'node-2 firing succeeded'])
    },
  )

  async function givenIngest(context: TestContext, addr: string, flags: string[] = []): Promise<OpiferProcess> {
    const ingest = await startIngest({ redisUrl: system.redis.url, addr, flags })
    context.onTestFinished(async () => void (await ingest.stop()))
    return ingest
  }
})

/** Members of a cluster otherwise wait for each other's turn, 15 seconds each. */
const AT_ONCE = ['--cluster.peer-timeout=0s']

async function givenAlertmanager(context: TestContext, options: AlertmanagerOptions): Promise<Alertmanager> {
  // Alerts that are posted together shall be notified together.
  const alertmanager = await startAlertmanager({ groupWait: '300ms', ...options })
  let stopping: Promise<void> | undefined
  const stop = () => (stopping ??= alertmanager.stop())
  context.onTestFinished(stop)
  return { ...alertmanager, stop }
}

function alertOf(alertname: string, instance: string): PostedAlert {
  return { labels: { alertname, instance, severity: 'warning' }, annotations: { description: 'from a test' } }
}

/** Waits until the alerts of that name have led to these runs, each with a Job of its own, and to no others. */
async function expectRuns(system: System, alertname: string, want: string[]): Promise<void> {
  await eventually(async () => {
    const runs = await runsOf(system, alertname)
    expect(runs.map(describeRun).sort()).toEqual(want)
    expect(new Set(runs.map(({ job }) => job?.uid)).size).toBe(want.length)
  }, PATIENT)
  expect(await system.jobs(alertname)).toHaveLength(want.length)
}

async function runsOf({ runs }: System, alertname: string): Promise<Run[]> {
  return (await runs.all()).filter(({ alert }) => alert.alertname === alertname)
}

function describeRun({ alert, result }: Run): string {
  const instance = 'labels' in alert ? alert.labels['instance'] : undefined
  return `${instance} ${alert.status} ${result?.outcome ?? 'under way'}`
}

/** How many webhooks ingest has answered with this code. */
async function answers(ingest: OpiferProcess, code: number): Promise<number> {
  return sample(ingest.url, `opifer_webhooks_total{code="${code}"}`)
}

/** How many times its webhook did not take a notification. */
async function failedRequests({ url }: Alertmanager): Promise<number> {
  return sample(url, 'alertmanager_notification_requests_failed_total{integration="webhook"')
}

/** The value of the first sample that begins like this; 0 where there is none. */
async function sample(url: string, beginning: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split('\n').find((each) => each.startsWith(beginning))
  return Number(line?.split(' ').at(-1) ?? 0)
}
