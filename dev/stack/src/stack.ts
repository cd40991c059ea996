import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DevCluster, startDevCluster } from '@opifer/devcluster'
import { provideRedis, startDashboard, startIngest, startWorker } from '@opifer/testkit'
import { loadSampleOperarios, SAMPLE_IMAGES } from './sample-operarios.ts'

export interface StackOptions {
  /** Port of ingest on 127.0.0.1; 0 for any free port. */
  port: number
  /** Port of the dashboard on 127.0.0.1; 0 for any free port. */
  dashboardPort: number
  workers: number
  /** Path of a kubeconfig of an existing cluster (default a new development cluster). */
  kubeconfig?: string | undefined
  queuePrefix: string
}

/** All of Opifer on this machine. Disposing it stops everything in reverse order. */
export interface Stack extends AsyncDisposable {
  redisUrl: string
  /** Webhook URL. */
  alertsUrl: string
  dashboardUrl: string
  kubeconfig: string
  /** Undefined for an existing cluster. */
  cluster: DevCluster | undefined
  /** The folder that Jobs in the development cluster see as the node's file system. */
  hostRoot: string
}

/** Starts Redis, a cluster, ingest, workers and the dashboard. A new development cluster gets the example Operarios. */
export async function startStack(options: StackOptions): Promise<Stack> {
  await using resources = new AsyncDisposableStack()
  const dir = await mkdtemp(join(tmpdir(), 'opifer-'))
  resources.defer(() => rm(dir, { recursive: true, force: true }))
  const redis = await provideRedis()
  resources.defer(() => redis.stop())
  const hostRoot = join(dir, 'node')
  const kubeconfig = options.kubeconfig ?? join(dir, 'kubeconfig')
  const cluster = options.kubeconfig === undefined ? await startDevCluster({ images: SAMPLE_IMAGES }) : undefined
  if (cluster) {
    resources.defer(() => cluster.stop())
    await cluster.writeKubeconfig(kubeconfig)
    await loadSampleOperarios(cluster.kubeconfig, hostRoot)
  }
  const common = { redisUrl: redis.url, flags: [`--queuePrefix=${options.queuePrefix}`] }
  const ingest = await startIngest({ ...common, addr: `127.0.0.1:${options.port}` })
  resources.defer(async () => void (await ingest.stop()))
  const workers = Array.from({ length: options.workers }, () => startWorker({ ...common, kubeconfig }))
  resources.defer(async () => void (await Promise.allSettled(workers.map(async (worker) => (await worker).stop()))))
  await Promise.all(workers)
  const dashboard = await startDashboard({ ...common, addr: `127.0.0.1:${options.dashboardPort}` })
  resources.defer(async () => void (await dashboard.stop()))

  const running = resources.move()
  return {
    redisUrl: redis.url,
    alertsUrl: `${ingest.url}/alerts`,
    dashboardUrl: dashboard.url,
    kubeconfig,
    cluster,
    hostRoot,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
