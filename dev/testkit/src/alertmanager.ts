import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess } from './process/child-process.ts'
import { eventually } from './eventually.ts'
import { findExecutable } from './process/executable.ts'

interface AlertmanagerRouting {
  readonly webhookUrl: string
  /** Alertmanager durations: `1s`, `5m`. */
  readonly groupWait?: string
  readonly groupInterval?: string
  readonly repeatInterval?: string
  readonly groupBy?: readonly string[]
  /** `http_config` of the receiver: authorization, TLS. */
  readonly httpConfig?: Readonly<Record<string, unknown>>
}

export interface AlertmanagerOptions extends AlertmanagerRouting {
  /** Listen for peers without joining any. */
  readonly clusterListen?: boolean
  /** Cluster addresses of the Alertmanagers to join. */
  readonly peers?: readonly string[]
  readonly extraArgs?: readonly string[]
}

export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly startsAt?: string
  /** In the past: Alertmanager sends the alert as resolved. */
  readonly endsAt?: string
  readonly generatorURL?: string
}

export interface Alertmanager {
  readonly url: string
  /** Peer address for other Alertmanagers; undefined without `clusterListen` or `peers`. */
  readonly clusterAddress: string | undefined
  readonly logs: readonly string[]
  postAlerts(alerts: readonly PostedAlert[]): Promise<void>
  stop(): Promise<void>
}

const LISTENING = /"Listening on" address=(127\.0\.0\.1:\d+)/

/** Alertmanager on the PATH, under Debian's name or its own. */
export function findAlertmanager(): string | undefined {
  return findExecutable('prometheus-alertmanager', 'alertmanager')
}

/** Starts a real Alertmanager that notifies one webhook, and waits until it and its cluster are ready. */
export async function startAlertmanager(options: AlertmanagerOptions): Promise<Alertmanager> {
  const command = findAlertmanager()
  if (command === undefined) throw new Error('no Alertmanager on the PATH')
  const dir = await mkdtemp(join(tmpdir(), 'opifer-alertmanager-'))
  // JSON is valid YAML.
  await writeFile(join(dir, 'alertmanager.yml'), JSON.stringify(alertmanagerConfig(options)))
  const server = await startProcess({ command, args: commandLine(dir, options), readyLine: LISTENING })
  const url = `http://${server.lines.join('\n').match(LISTENING)?.[1]}`
  const clusterAddress = await eventually(() => readyClusterAddress(url))

  return {
    url,
    clusterAddress,
    logs: server.lines,
    postAlerts: (alerts) => postAlerts(url, alerts),
    async stop() {
      await server.stop()
      await rm(dir, { recursive: true })
    },
  }
}

/** One webhook receiver, with timings short enough for a test. */
function alertmanagerConfig(routing: AlertmanagerRouting): object {
  const { webhookUrl, groupWait = '0s', groupInterval = '1s', repeatInterval = '1h' } = routing
  return {
    route: {
      receiver: 'openfero',
      group_by: routing.groupBy ?? ['alertname'],
      group_wait: groupWait,
      group_interval: groupInterval,
      repeat_interval: repeatInterval,
    },
    receivers: [
      {
        name: 'openfero',
        webhook_configs: [{ url: webhookUrl, send_resolved: true, http_config: routing.httpConfig ?? {} }],
      },
    ],
  }
}

function commandLine(dir: string, { clusterListen, peers = [], extraArgs = [] }: AlertmanagerOptions): string[] {
  const clustered = clusterListen === true || peers.length > 0
  return [
    `--config.file=${join(dir, 'alertmanager.yml')}`,
    `--storage.path=${dir}`,
    '--web.listen-address=127.0.0.1:0',
    `--cluster.listen-address=${clustered ? '127.0.0.1:0' : ''}`,
    // Alertmanager sends no notifications until its cluster settles, which takes a number of quiet gossip intervals.
    '--cluster.gossip-interval=20ms',
    ...peers.map((peer) => `--cluster.peer=${peer}`),
    ...extraArgs,
  ]
}

interface Status {
  readonly cluster: {
    readonly status: 'ready' | 'settling' | 'disabled'
    readonly name?: string
    readonly peers?: readonly { readonly name: string; readonly address: string }[]
  }
}

async function readyClusterAddress(url: string): Promise<string | undefined> {
  const response = await fetch(`${url}/api/v2/status`)
  const { cluster } = (await response.json()) as Status
  if (cluster.status === 'settling') throw new Error('the cluster is still settling')
  return cluster.peers?.find(({ name }) => name === cluster.name)?.address
}

async function postAlerts(url: string, alerts: readonly PostedAlert[]): Promise<void> {
  const response = await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts),
  })
  if (!response.ok) throw new Error(`Alertmanager replied ${response.status}: ${await response.text()}`)
  await response.body?.cancel()
}
