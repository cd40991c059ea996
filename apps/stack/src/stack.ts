import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DevCluster, startDevCluster } from '@opifer/devcluster'
import { type ManagedProcess, provideRedis, startProcess } from '@opifer/testkit'
import { fromRoot } from './paths.ts'
import { loadSampleOperarios, SAMPLE_IMAGES } from './sample-operarios.ts'

export interface StackOptions {
  /** Port of ingest on 127.0.0.1; 0 for any free one. */
  port: number
  workers: number
  /** A kubeconfig of a real cluster, to be used instead of a development cluster. */
  kubeconfig?: string | undefined
  queuePrefix: string
  onLine?: (line: string) => void
}

/** Everything that Opifer needs, running on this machine. */
export interface Stack {
  redisUrl: string
  /** Where webhooks are posted. */
  alertsUrl: string
  kubeconfig: string
  /** Undefined where a real cluster is used. */
  cluster: DevCluster | undefined
  /** What stands for the file system of a node in the development cluster. */
  hostRoot: string
  stop: () => Promise<void>
}

/** Starts Redis, a cluster, ingest and workers, and loads the example Operarios where the cluster is a development one. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const releases: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (let release = releases.pop(); release; release = releases.pop()) await release()
  }
  try {
    const dir = await mkdtemp(join(tmpdir(), 'opifer-'))
    releases.push(() => rm(dir, { recursive: true, force: true }))
    const redis = await provideRedis()
    releases.push(() => redis.stop())
    const hostRoot = join(dir, 'node')
    const cluster = options.kubeconfig === undefined ? await startDevCluster({ images: SAMPLE_IMAGES }) : undefined
    if (cluster) releases.push(() => cluster.stop())
    const kubeconfig = options.kubeconfig ?? join(dir, 'kubeconfig')
    if (cluster) {
      await cluster.writeKubeconfig(kubeconfig)
      await loadSampleOperarios(cluster.kubeconfig, hostRoot)
    }
    const processes = await startProcesses(options, { redisUrl: redis.url, kubeconfig })
    releases.push(() => Promise.all(processes.map((process) => process.stop())))
    return { redisUrl: redis.url, alertsUrl: alertsUrlOf(processes[0]), kubeconfig, cluster, hostRoot, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The real programs, as they run in production. */
function startProcesses(
  { port, workers, queuePrefix }: StackOptions,
  { redisUrl, kubeconfig }: { redisUrl: string; kubeconfig: string },
): Promise<ManagedProcess[]> {
  const run = (app: string, addr: string, readyLine: RegExp, ...args: string[]) =>
    startProcess({
      command: process.execPath,
      args: [fromRoot(`apps/${app}/src/main.ts`), `--addr=${addr}`, `--queuePrefix=${queuePrefix}`, ...args],
      env: { OPIFER_REDIS_URL: redisUrl },
      readyLine,
    })
  return Promise.all([
    run('ingest', `127.0.0.1:${port}`, /"connected to Redis"/),
    ...Array.from({ length: workers }, () =>
      run('worker', '127.0.0.1:0', /"worker is ready"/, `--kubeconfig=${kubeconfig}`),
    ),
  ])
}

function alertsUrlOf(ingest: ManagedProcess | undefined): string {
  const line = ingest?.lines.find((text) => text.includes('ingest is listening')) ?? '{}'
  return `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}/alerts`
}
