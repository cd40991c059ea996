import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DevCluster, startDevCluster } from '@opifer/devcluster'
import { provideRedis, startDashboard, startIngest, startWorker } from '@opifer/testkit'
import { loadSampleOperarios, SAMPLE_IMAGES } from './sample-operarios.ts'

export interface StackOptions {
  /** Port of ingest on 127.0.0.1; 0 for any free one. */
  port: number
  /** The same of the dashboard. */
  dashboardPort: number
  workers: number
  /** A kubeconfig of a real cluster, to be used instead of a development cluster. */
  kubeconfig?: string | undefined
  queuePrefix: string
}

/** Everything that Opifer needs, running on this machine. */
export interface Stack {
  redisUrl: string
  /** Where webhooks are posted. */
  alertsUrl: string
  /** Where people look. */
  dashboardUrl: string
  kubeconfig: string
  /** Undefined where a real cluster is used. */
  cluster: DevCluster | undefined
  /** What stands for the file system of a node in the development cluster. */
  hostRoot: string
  stop: () => Promise<void>
}

/** Starts Redis, a cluster, ingest, workers and dashboard, and loads the example Operarios where the cluster is a development one. */
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
    const common = { redisUrl: redis.url, flags: [`--queuePrefix=${options.queuePrefix}`] }
    const ingest = await startIngest({ ...common, addr: `127.0.0.1:${options.port}` })
    releases.push(() => ingest.stop())
    const started = Array.from({ length: options.workers }, () => startWorker({ ...common, kubeconfig }))
    releases.push(() => Promise.allSettled(started.map(async (worker) => (await worker).stop())))
    await Promise.all(started)
    const dashboard = await startDashboard({ ...common, addr: `127.0.0.1:${options.dashboardPort}` })
    releases.push(() => dashboard.stop())
    const urls = { redisUrl: redis.url, alertsUrl: `${ingest.url}/alerts`, dashboardUrl: dashboard.url }
    return { ...urls, kubeconfig, cluster, hostRoot, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
