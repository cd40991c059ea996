import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alertmanagerConfig, type AlertmanagerRouting } from './alertmanager-config.ts'
import { startProcess } from './child-process.ts'
import { eventually } from './eventually.ts'
import { findExecutable } from './find-executable.ts'

export interface AlertmanagerOptions extends AlertmanagerRouting {
  /** Listens for peers without joining any yet. */
  readonly clusterListen?: boolean
  /** Cluster addresses of the Alertmanagers to join. */
  readonly peers?: readonly string[]
  readonly extraArgs?: readonly string[]
}

export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly startsAt?: string
  /** An alert that has ended is sent as resolved. */
  readonly endsAt?: string
  readonly generatorURL?: string
}

export interface Alertmanager {
  readonly url: string
  /** What other Alertmanagers name as their peer; undefined without `clusterListen` or `peers`. */
  readonly clusterAddress: string | undefined
  readonly logs: readonly string[]
  postAlerts(alerts: readonly PostedAlert[]): Promise<void>
  stop(): Promise<void>
}

const LISTENING = /"Listening on" address=(127\.0\.0\.1:\d+)/

/** The Alertmanager on the PATH, under Debian's name or its own. */
export function findAlertmanager(): string | undefined {
  return findExecutable('prometheus-alertmanager', 'alertmanager')
}

/** Starts a real Alertmanager that notifies one webhook, and waits until it and its cluster are ready. */
export async function startAlertmanager(options: AlertmanagerOptions): Promise<Alertmanager> {
  const command = findAlertmanager()
  if (command === undefined) throw new Error('there is no Alertmanager on the PATH')
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

function commandLine(dir: string, { clusterListen, peers = [], extraArgs = [] }: AlertmanagerOptions): string[] {
  const clustered = clusterListen === true || peers.length > 0
  return [
    `--config.file=${join(dir, 'alertmanager.yml')}`,
    `--storage.path=${dir}`,
    '--web.listen-address=127.0.0.1:0',
    `--cluster.listen-address=${clustered ? '127.0.0.1:0' : ''}`,
    // The cluster counts as settled after a number of quiet intervals, and nobody is notified before that.
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
  if (cluster.status === 'settling') throw new Error('the cluster has not settled')
  return cluster.peers?.find(({ name }) => name === cluster.name)?.address
}

async function postAlerts(url: string, alerts: readonly PostedAlert[]): Promise<void> {
  const response = await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts),
  })
  if (!response.ok) throw new Error(`Alertmanager answered ${response.status}: ${await response.text()}`)
  await response.body?.cancel()
}
