import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JobManifest, JobWithStatus } from '@opifer/core'
import {
  type DevCluster,
  type DevClusterOptions,
  type KubeObject,
  startDevCluster,
  validateConfigMap,
} from '@opifer/devcluster'
import {
  type OpiferProcess,
  type RedisOptions,
  type RedisServer,
  startIngest,
  startRedis,
  startWorker,
} from '@opifer/testkit'
import { type EndedRun, openRuns, type Runs } from './runs.ts'

export interface SystemOptions {
  workers?: number
  ingestFlags?: readonly string[]
  workerFlags?: readonly string[]
  /** Of all processes, besides this one's own. */
  env?: NodeJS.ProcessEnv
  /** ConfigMaps that are there before the first worker looks. */
  operarios?: readonly KubeObject[]
  images?: DevClusterOptions['images']
  redis?: RedisOptions
}

export type Job = JobManifest & JobWithStatus

/** What ingest says of one alert. */
export interface Receipt {
  result: string
  runId: string
  defect?: string
}

/** Opifer as it is deployed: real processes, a real Redis, and a development cluster in this process. */
export interface System {
  readonly cluster: DevCluster
  /** Path of the cluster's kubeconfig. */
  readonly kubeconfig: string
  readonly redis: RedisServer
  readonly runs: Runs
  readonly ingest: OpiferProcess
  /** Those that were started, also when they have ended since. */
  readonly workers: readonly OpiferProcess[]
  /** Starts one more, with these flags besides the system's own. */
  startWorker(...flags: string[]): Promise<OpiferProcess>
  apply(configMap: KubeObject): void
  /** Posts a webhook that must be accepted. */
  post(webhook: unknown): Promise<Receipt[]>
  /** Posts a webhook of one alert and waits for the end of its run. */
  run(webhook: unknown): Promise<EndedRun>
  /** The Jobs of an alert. */
  jobs(alertname: string): Job[]
  /** What a container of the Job's pods has written. */
  logOf(job: { name: string } | undefined, container?: string): string
  stop(): Promise<void>
}

export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const { workers: count = 1, ingestFlags = [], workerFlags = [], operarios = [], env = {} } = options
  const releases: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (let release = releases.pop(); release; release = releases.pop()) await release()
  }
  try {
    const dir = await mkdtemp(join(tmpdir(), 'opifer-tests-'))
    releases.push(() => rm(dir, { recursive: true, force: true }))
    const redis = await startRedis(options.redis)
    releases.push(() => redis.stop())
    const cluster = await startDevCluster({ timing: FAST, ...(options.images && { images: options.images }) })
    releases.push(() => cluster.stop())
    const kubeconfig = join(dir, 'kubeconfig')
    await cluster.writeKubeconfig(kubeconfig)
    for (const operario of operarios) apply(cluster, operario)
    const runs = openRuns(redis.url)
    releases.push(() => runs.close())

    const workers: OpiferProcess[] = []
    const start = async (...flags: string[]) => {
      const worker = await startWorker({ redisUrl: redis.url, kubeconfig, flags: [...workerFlags, ...flags], env })
      releases.push(() => worker.stop())
      workers.push(worker)
      return worker
    }
    const startFront = async () => {
      const ingest = await startIngest({ redisUrl: redis.url, flags: ingestFlags, env })
      releases.push(() => ingest.stop())
      return ingest
    }
    const [ingest] = await Promise.all([startFront(), ...Array.from({ length: count }, () => start())])

    const post = (webhook: unknown) => postTo(ingest, webhook)
    return {
      cluster,
      kubeconfig,
      redis,
      runs,
      ingest,
      workers,
      startWorker: start,
      apply: (configMap) => apply(cluster, configMap),
      post,
      async run(webhook) {
        const [receipt] = await post(webhook)
        return runs.end(receipt?.runId ?? '')
      },
      jobs: (alertname) => jobsOf(cluster, alertname),
      logOf: (job, container = 'main') => logOf(cluster, job?.name, container),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A cluster that tries a failed pod again at once: tests have no ten seconds for that. */
const FAST = { podBackoffBaseMs: 10, podBackoffMaxMs: 10 }

/** As `kubectl apply` does it, with the API server's own checks. */
function apply({ store }: DevCluster, configMap: KubeObject): void {
  const errors = validateConfigMap(configMap)
  if (errors.length > 0) throw new Error(`Kubernetes takes no such ConfigMap: ${JSON.stringify(errors)}`)
  const object = structuredClone(configMap)
  object.metadata.namespace ??= 'default'
  if (!store.replace('configmaps', object)) store.create('configmaps', object)
}

async function postTo({ url }: OpiferProcess, webhook: unknown): Promise<Receipt[]> {
  const body = typeof webhook === 'string' ? webhook : JSON.stringify(webhook)
  const headers = { 'Content-Type': 'application/json' }
  const response = await fetch(`${url}/alerts`, { method: 'POST', headers, body })
  const text = await response.text()
  if (response.status !== 202) throw new Error(`ingest answered ${response.status}: ${text}`)
  return (JSON.parse(text) as { alerts: Receipt[] }).alerts
}

function jobsOf({ store }: DevCluster, alertname: string): Job[] {
  const jobs = store.list('jobs') as unknown as Job[]
  return jobs.filter(({ metadata }) => metadata.labels?.['openfero.io/alert'] === alertname)
}

function logOf({ store, logs }: DevCluster, jobName: string | undefined, container: string): string {
  const pods = store.list('pods').filter(({ metadata }) => metadata.labels?.['job-name'] === jobName)
  const chunks = pods.flatMap(({ metadata }) => logs.read(metadata.uid, container) ?? [])
  return Buffer.concat(chunks.map(({ data }) => data)).toString()
}
