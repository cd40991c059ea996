import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Endpoint,
  type RedisServer,
  startIngest,
  startProxy,
  startRedis,
  startWorker,
  type TcpProxy,
} from '@opifer/testkit'
import { INGESTS, type LinkName, type ProcessName, WORKERS } from './actions.ts'
import { startOwnCluster } from './dev-cluster.ts'
import type { FaultCluster } from './fault-cluster.ts'
import type { JobEvent } from './history.ts'
import { COOLDOWN_MS, faultOperarios } from './operarios.ts'
import { openRealCluster } from './real-cluster.ts'
import { SupervisedProcess } from './supervised-process.ts'

/** Real processes, connected by a network that can be disturbed. Plays many schedules, one at a time. */
export interface Environment {
  redis: RedisServer
  cluster: FaultCluster
  processes: ReadonlyMap<ProcessName, SupervisedProcess>
  links: ReadonlyMap<LinkName, TcpProxy>
  /** Steps the wall clock of a process by some milliseconds. */
  setClock(process: ProcessName, step: number): Promise<void>
  /** Receives what happens. */
  listener: EnvironmentListener
  stop(): Promise<void>
}

export interface EnvironmentListener {
  note(text: string): void
  crashed(text: string): void
  onJob(event: JobEvent): void
}

export const QUEUE_PREFIX = '{faults}'

const COMMON_FLAGS = [`--queuePrefix=${QUEUE_PREFIX}`, '--shutdownTimeout=2s']
const INGEST_FLAGS = [...COMMON_FLAGS, '--redisTimeout=1s', '--maxBodyBytes=65536']
// With so short a lock, workers often lose a run that they still work on: then two of them work on it at once. And the
// history keeps so few runs that many are dropped before they end.
const WORKER_FLAGS = [...COMMON_FLAGS, '--lockDuration=1s', `--cooldown=${COOLDOWN_MS}ms`, '--historyMaxRuns=10']

export interface EnvironmentOptions {
  /** Of an existing cluster; the default is a development cluster for each environment. */
  kubeconfig?: string | undefined
}

export async function startEnvironment({ kubeconfig }: EnvironmentOptions = {}): Promise<Environment> {
  const resources = new AsyncDisposableStack()
  const environment: Pick<Environment, 'listener'> = { listener: SILENT }
  try {
    const dir = await mkdtemp(join(tmpdir(), 'opifer-faults-'))
    resources.defer(() => rm(dir, { recursive: true, force: true }))
    const redis = await startRedis({ appendonly: 'always' })
    resources.defer(() => redis.stop())
    const setup = { operarios: faultOperarios(), onJob: (event: JobEvent) => environment.listener.onJob(event) }
    const cluster = await (kubeconfig === undefined ? startOwnCluster(setup) : openRealCluster(kubeconfig, setup))
    resources.defer(() => cluster.stop())
    const builder = new Builder({ dir, redis, cluster, listener: () => environment.listener })
    resources.defer(() => builder.stop())
    await builder.build()
    const { processes, links } = builder
    const setClock = (process: ProcessName, step: number) =>
      writeFile(join(dir, String(processes.get(process)?.current?.pid)), String(step))
    const stop = () => resources.disposeAsync()
    return Object.assign(environment, { redis, cluster, processes, links, setClock, stop })
  } catch (error) {
    await resources.disposeAsync()
    throw error
  }
}

const SILENT: EnvironmentListener = { note() {}, crashed() {}, onJob() {} }

interface BuilderDeps {
  dir: string
  redis: RedisServer
  cluster: FaultCluster
  listener: () => EnvironmentListener
}

class Builder {
  readonly processes = new Map<ProcessName, SupervisedProcess>()
  readonly links = new Map<LinkName, TcpProxy>()
  readonly #deps: BuilderDeps

  constructor(deps: BuilderDeps) {
    this.#deps = deps
  }

  async build(): Promise<void> {
    for (let index = 0; index < INGESTS; index++) await this.#addIngest(`ingest-${index}`)
    for (let index = 0; index < WORKERS; index++) await this.#addWorker(`worker-${index}`)
    await Promise.all([...this.processes.values()].map((process) => process.settled()))
  }

  async stop(): Promise<void> {
    await Promise.all([...this.processes.values()].map((process) => process.stop()))
    await Promise.all([...this.links.values()].map((link) => link.stop()))
  }

  async #addIngest(name: `ingest-${number}`): Promise<void> {
    const redisUrl = await this.#redisThrough(`${name}→redis`)
    // Takes any free port first, and keeps it over restarts.
    let port = 0
    const ingest = this.#supervise(name, async () => {
      const options = { redisUrl, addr: `127.0.0.1:${port}`, flags: INGEST_FLAGS, env: this.#env() }
      // It counts as up as soon as it listens: Redis may be down just then.
      const process = await startIngest(options, /"port":/)
      port = Number(new URL(process.url).port)
      return process
    })
    await ingest.settled()
    await this.#link(`alertmanager→${name}`, { host: '127.0.0.1', port })
  }

  async #addWorker(name: `worker-${number}`): Promise<void> {
    const redisUrl = await this.#redisThrough(`${name}→redis`)
    const kubeconfig = join(this.#deps.dir, `${name}.kubeconfig`)
    const api = await this.#link(`${name}→api`, this.#deps.cluster.api)
    await writeFile(kubeconfig, this.#deps.cluster.kubeconfigThrough(api))
    this.#supervise(name, () => startWorker({ redisUrl, kubeconfig, flags: WORKER_FLAGS, env: this.#env() }))
  }

  async #redisThrough(name: LinkName): Promise<string> {
    const { host, port } = await this.#link(name, this.#deps.redis)
    return `redis://${host}:${port}`
  }

  async #link(name: LinkName, { host, port }: Endpoint): Promise<TcpProxy> {
    const proxy = await startProxy({ host, port })
    this.links.set(name, proxy)
    return proxy
  }

  #supervise(name: ProcessName, start: ConstructorParameters<typeof SupervisedProcess>[1]): SupervisedProcess {
    const { listener } = this.#deps
    const supervisor = {
      note: (text: string) => listener().note(text),
      crashed: (text: string) => listener().crashed(text),
    }
    const process = new SupervisedProcess(name, start, supervisor)
    this.processes.set(name, process)
    return process
  }

  #env(): NodeJS.ProcessEnv {
    const preload = new URL('clock.ts', import.meta.url).href
    return { NODE_OPTIONS: `--import=${preload}`, OPIFER_FAULTS_CLOCKS: this.#deps.dir }
  }
}
