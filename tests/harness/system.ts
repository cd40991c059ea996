import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JobManifest, JobWithStatus } from '@opifer/core'
import type { DevCluster, DevClusterOptions, KubeObject } from '@opifer/devcluster'
import { type OpiferProcess, type RedisOptions, type RedisServer, startIngest, startWorker } from '@opifer/testkit'
import { type Cluster, provideCluster } from './cluster.ts'
import { provideStore, type QueueStore } from './redis.ts'
import { type EndedRun, openRuns, type Runs } from './runs.ts'

export interface SystemOptions {
  workers?: number
  ingestFlags?: readonly string[]
  workerFlags?: readonly string[]
  /** For all processes, in addition to this one's environment. */
  env?: NodeJS.ProcessEnv
  /** ConfigMaps that exist before the first worker starts. */
  operarios?: readonly KubeObject[]
  images?: DevClusterOptions['images']
  redis?: RedisOptions
}

export type Job = JobManifest & JobWithStatus

/** Ingest's answer for one alert. */
export interface Receipt {
  result: string
  runId: string
  invalid?: string
}

/** Opifer as it is deployed: real processes, a real Redis, and a development cluster in this process. */
export interface System {
  /** The development cluster; throws if the system uses another one. */
  readonly cluster: DevCluster
  /** Why tests that need the development cluster must be skipped; undefined when they need not. */
  readonly noDevCluster: string | undefined
  /** Where Operarios and Jobs are. */
  readonly namespace: string
  /** Path of the cluster's kubeconfig. */
  readonly kubeconfig: string
  /** The system's own Redis; throws if it shares one with others. */
  readonly redis: RedisServer
  readonly runs: Runs
  readonly ingest: OpiferProcess
  /** All that were started, including those that have exited. */
  readonly workers: readonly OpiferProcess[]
  /** Starts another worker, with these flags in addition to the system's. */
  startWorker(...flags: string[]): Promise<OpiferProcess>
  /** The name that a namespace has in the cluster. */
  namespaceOf(name: string): string
  /** Creates a namespace and returns its name in the cluster. */
  createNamespace(name: string): Promise<string>
  apply(configMap: KubeObject): Promise<void>
  /** Posts a webhook that must be accepted. */
  post(webhook: unknown): Promise<Receipt[]>
  /** Posts a webhook of one alert and waits for the end of its run. */
  run(webhook: unknown): Promise<EndedRun>
  /** The Jobs of an alert. */
  jobs(alertname: string): Promise<Job[]>
  /** The pods of a Job. */
  pods(job: { name: string } | undefined): Promise<KubeObject[]>
  /** The log of a container of the Job's pods. */
  logOf(job: { name: string } | undefined, container?: string): Promise<string>
  stop(): Promise<void>
}

export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const { workers: count = 1, ingestFlags = [], workerFlags = [], operarios = [], env = {} } = options
  const resources = new AsyncDisposableStack()
  const stop = () => resources.disposeAsync()
  try {
    const dir = await mkdtemp(join(tmpdir(), 'opifer-tests-'))
    resources.defer(() => rm(dir, { recursive: true, force: true }))
    const store = await provideStore(options.redis)
    resources.defer(() => store.stop())
    const cluster = await provideCluster({ folder: dir, images: options.images })
    resources.defer(() => cluster.stop())
    const { kubeconfig, namespace } = cluster
    for (const operario of operarios) await cluster.apply(operario)
    // Other clusters retry a failed pod only after ten seconds, then twenty.
    const runs = openRuns(store.url, store.queuePrefix, cluster.dev ? 20_000 : 120_000)
    resources.defer(() => runs.close())
    const redisUrl = store.url
    const common = [`--queuePrefix=${store.queuePrefix}`]

    const workers: OpiferProcess[] = []
    const start = async (...flags: string[]) => {
      const worker = await startWorker({
        redisUrl,
        kubeconfig,
        flags: [...common, `--configmapNamespace=${namespace}`, ...workerFlags, ...flags],
        env,
      })
      resources.defer(async () => void (await worker.stop()))
      workers.push(worker)
      return worker
    }
    const startOwnIngest = async () => {
      const ingest = await startIngest({ redisUrl, flags: [...common, ...ingestFlags], env })
      resources.defer(async () => void (await ingest.stop()))
      return ingest
    }
    const [ingest] = await Promise.all([startOwnIngest(), ...Array.from({ length: count }, () => start())])

    const parts = { cluster, store, runs, ingest, workers, startWorker: start, stop }
    return describeSystem(parts)
  } catch (error) {
    await stop()
    throw error
  }
}

interface Parts extends Pick<System, 'runs' | 'ingest' | 'workers' | 'startWorker' | 'stop'> {
  cluster: Cluster
  store: QueueStore
}

function describeSystem({ cluster, store, ...parts }: Parts): System {
  const { ingest, runs } = parts
  const post = (webhook: unknown) => postTo(ingest, webhook)
  return {
    ...parts,
    get cluster() {
      return cluster.dev ?? fail(NO_DEV_CLUSTER)
    },
    noDevCluster: cluster.dev ? undefined : NO_DEV_CLUSTER,
    namespace: cluster.namespace,
    kubeconfig: cluster.kubeconfig,
    get redis() {
      return store.own ?? fail('the system shares its Redis with others')
    },
    namespaceOf: (name) => cluster.namespaceOf(name),
    createNamespace: (name) => cluster.createNamespace(name),
    apply: (configMap) => cluster.apply(configMap),
    post,
    async run(webhook) {
      const [receipt] = await post(webhook)
      return runs.end(receipt?.runId ?? '')
    },
    jobs: (alertname) => jobsOf(cluster, alertname),
    pods: (job) => podsOf(cluster, job?.name),
    logOf: (job, container = 'main') => logOf(cluster, job?.name, container),
  }
}

const NO_DEV_CLUSTER = 'needs the development cluster'

function fail(why: string): never {
  throw new Error(why)
}

async function postTo({ url }: OpiferProcess, webhook: unknown): Promise<Receipt[]> {
  const body = typeof webhook === 'string' ? webhook : JSON.stringify(webhook)
  const headers = { 'Content-Type': 'application/json' }
  const response = await fetch(`${url}/alerts`, { method: 'POST', headers, body })
  const text = await response.text()
  if (response.status !== 202) throw new Error(`ingest answered ${response.status}: ${text}`)
  return (JSON.parse(text) as { alerts: Receipt[] }).alerts
}

async function jobsOf(cluster: Cluster, alertname: string): Promise<Job[]> {
  const jobs = (await cluster.list('jobs')) as unknown as Job[]
  return jobs.filter(({ metadata }) => metadata.labels?.['openfero.io/alert'] === alertname)
}

async function podsOf(cluster: Cluster, jobName: string | undefined): Promise<KubeObject[]> {
  const pods = await cluster.list('pods')
  return pods.filter(({ metadata }) => metadata.labels?.['job-name'] === jobName)
}

async function logOf(cluster: Cluster, jobName: string | undefined, container: string): Promise<string> {
  const pods = await podsOf(cluster, jobName)
  return (await Promise.all(pods.map((pod) => cluster.log(pod, container)))).join('')
}
