import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RUNS } from '@opifer/queue'
import { startRedis } from '@opifer/testkit'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { type Helper, startHelper } from './helper.ts'
import { bundlePrograms, type Program, type ProgramOptions, startProgram } from './program.ts'

export interface BenchOptions {
  quick: boolean
  /** Path of a real cluster's kubeconfig (default a development cluster or a stand-in). */
  kubeconfig: string | undefined
  /** Folder for CPU profiles of the programs. */
  profileDir: string | undefined
}

/** Shared by all measurements. What they open is closed at the end of their scope. */
export interface Bench extends BenchOptions, AsyncDisposable {
  /** Scratch folder. */
  dir: string
  redisUrl: string
  redis: Redis
  /** The queue of runs. */
  queue: Queue
  start(app: 'ingest' | 'worker', options?: ProgramOptions): Promise<Program>
  helper<Request, Response>(file: string): Helper<Request, Response>
  onClose(release: () => Promise<unknown>): void
  /** Runs one measurement and closes what it opened. */
  scope<T>(work: () => Promise<T>): Promise<T>
  /** Empties Redis and its append-only file, so that all rounds start equal. */
  empty(): Promise<void>
}

/** The AOF setting that docs/reliability.md requires; it is never rewritten during a measurement. */
const REDIS = { appendonly: 'always', extraArgs: ['--auto-aof-rewrite-percentage', '0'] } as const

export async function createBench(options: BenchOptions): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), 'opifer-bench-'))
  // At exit, so that an interrupted benchmark leaves nothing behind. Child processes are killed the same way.
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
  await bundlePrograms(dir)
  await using resources = new AsyncDisposableStack()
  const server = resources.adopt(await startRedis(REDIS), (started) => started.stop())
  const redis = resources.adopt(new Redis(server.url, { maxRetriesPerRequest: null }), (client) => client.disconnect())
  const queue = new Queue(RUNS.name, { connection: redis, prefix: QUEUE_PREFIX, defaultJobOptions: RUNS.jobOptions })
  resources.defer(() => queue.close())
  let current = resources.use(new AsyncDisposableStack())
  const bench: Bench = {
    ...options,
    dir,
    redisUrl: server.url,
    redis,
    queue,
    async start(app, programOptions = {}) {
      const owner = current
      const program = await startProgram(app, bench, programOptions)
      owner.defer(() => program.stop())
      return program
    },
    helper<Request, Response>(file: string) {
      const helper = startHelper<Request, Response>(file)
      current.defer(() => helper.stop())
      return helper
    },
    onClose: (release) => current.defer(async () => void (await release())),
    async scope(work) {
      const outer = current
      await using inner = new AsyncDisposableStack()
      current = inner
      try {
        return await work()
      } finally {
        current = outer
      }
    },
    empty: () => emptyRedis(redis),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
  const running = resources.move()
  return bench
}

/** The default of ingest and workers. */
export const QUEUE_PREFIX = '{opifer}'

async function emptyRedis(redis: Redis): Promise<void> {
  await redis.flushall()
  await redis.bgrewriteaof()
  while (/aof_rewrite_(in_progress|scheduled):1/.test(await redis.info('persistence'))) await sleep(10)
}

/** Bytes that Redis has allocated. */
export async function redisMemory(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
}
