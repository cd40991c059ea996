import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Endpoint,
  freePort,
  type RedisServer,
  startIngest,
  startProxy,
  startRedis,
  startWorker,
  type TcpProxy,
} from '@opifer/testkit'
import { type FaultCluster, startFaultCluster } from './cluster.ts'
import type { JobEvent } from './history.ts'
import { faultOperarios } from './operarios.ts'
import { INGESTS, type LinkName, type ProcessName, WORKERS } from './steps.ts'
import { Supervised } from './supervised.ts'

/** Real processes, with a network between them that can be disturbed. It outlives many seeds. */
export interface World {
  redis: RedisServer
  cluster: FaultCluster
  processes: ReadonlyMap<ProcessName, Supervised>
  links: ReadonlyMap<LinkName, TcpProxy>
  /** Steps the wall clock of a process. */
  setClock(process: ProcessName, step: number): Promise<void>
  /** Who is told what happens; one seed at a time. */
  listener: WorldListener
  stop(): Promise<void>
}

export interface WorldListener {
  note(text: string): void
  crashed(text: string): void
  onJob(event: JobEvent): void
  onDeletedByHand(job: { name: string; uid: string }): void
}

export const QUEUE_PREFIX = '{faults}'

const COMMON_FLAGS = [`--queuePrefix=${QUEUE_PREFIX}`, '--shutdownTimeout=2s']
const INGEST_FLAGS = [...COMMON_FLAGS, '--redisTimeout=1s', '--maxBodyBytes=65536']
// A lock as short as this is often lost while its worker still works: then two of them are at one run. And so few runs are
// kept that many are dropped from the history before they end.
const WORKER_FLAGS = [...COMMON_FLAGS, '--lockDuration=1s', '--cooldown=500ms', '--historyMaxRuns=10']

export interface WorldOptions {
  /** Of a cluster that is there already; else each world has a development cluster of its own. */
  kubeconfig?: string | undefined
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const releases: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (let release = releases.pop(); release; release = releases.pop()) await release()
  }
  const world: Pick<World, 'listener'> = { listener: silent }
  try {
    const dir = await mkdtemp(join(tmpdir(), 'opifer-faults-'))
    releases.push(() => rm(dir, { recursive: true, force: true }))
    const redis = await startRedis({ appendonly: 'always' })
    releases.push(() => redis.stop())
    const setup = { operarios: faultOperarios(), onJob: (event: JobEvent) => world.listener.onJob(event) }
    const cluster = await startFaultCluster(setup, options.kubeconfig)
    releases.push(() => cluster.stop())
    const builder = new Builder({ dir, redis, cluster, listener: () => world.listener })
    releases.push(() => builder.stop())
    await builder.build()
    const { processes, links } = builder
    const setClock = (process: ProcessName, step: number) =>
      writeFile(join(dir, String(processes.get(process)?.current?.pid)), String(step))
    return Object.assign(world, { redis, cluster, processes, links, setClock, stop })
  } catch (error) {
    await stop()
    throw error
  }
}

const silent: WorldListener = { note() {}, crashed() {}, onJob() {}, onDeletedByHand() {} }

interface BuilderDeps {
  dir: string
  redis: RedisServer
  cluster: FaultCluster
  listener: () => WorldListener
}

class Builder {
  readonly processes = new Map<ProcessName, Supervised>()
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
    const port = await freePort()
    const redisUrl = await this.#redisThrough(`${name}→redis`)
    await this.#link(`alertmanager→${name}`, { host: '127.0.0.1', port })
    // It counts as up before it has Redis, which may be away just then.
    this.#supervise(name, () =>
      startIngest({ redisUrl, addr: `127.0.0.1:${port}`, flags: INGEST_FLAGS, env: this.#env() }, /"port":/),
    )
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

  async #link(name: LinkName, target: Endpoint): Promise<TcpProxy> {
    const { host, port } = target
    const proxy = await startProxy({ host, port })
    this.links.set(name, proxy)
    return proxy
  }

  #supervise(name: ProcessName, start: ConstructorParameters<typeof Supervised>[1]): void {
    const { listener } = this.#deps
    const notes = {
      note: (text: string) => listener().note(text),
      crashed: (text: string) => listener().crashed(text),
    }
    this.processes.set(name, new Supervised(name, start, notes))
  }

  #env(): NodeJS.ProcessEnv {
    const preload = new URL('clock.ts', import.meta.url).href
    return { NODE_OPTIONS: `--import=${preload}`, OPIFER_FAULTS_CLOCKS: this.#deps.dir }
  }
}
