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
  /** A real cluster's, to be used where a cluster is measured; else the development cluster or a stand-in. */
  kubeconfig: string | undefined
  /** Where the measured programs leave their CPU profiles. */
  profileDir: string | undefined
}

/** What all measurements share. What they open is closed when their scope ends. */
export interface Bench extends BenchOptions {
  /** Scratch folder. */
  dir: string
  redisUrl: string
  redis: Redis
  /** The queue of runs, as ingest and workers know it. */
  queue: Queue
  start(app: 'ingest' | 'worker', options?: ProgramOptions): Promise<Program>
  helper<Question, Answer>(file: string): Helper<Question, Answer>
  onClose(release: () => Promise<unknown>): void
  /** Runs one measurement and closes what it opened. */
  scope<T>(work: () => Promise<T>): Promise<T>
  /** Empties Redis, its log file too, so that each round finds the same. */
  empty(): Promise<void>
  stop(): Promise<void>
}

/** With the AOF as the promise of docs/reliability.md asks for it, never rewritten in the midst of a measurement. */
const REDIS = { appendonly: 'always', extraArgs: ['--auto-aof-rewrite-percentage', '0'] } as const

export async function createBench(options: BenchOptions): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), 'opifer-bench-'))
  // At exit, so that a benchmark that is broken off leaves nothing behind either; processes end in the same way.
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
  await bundlePrograms(dir)
  const server = await startRedis(REDIS)
  const redis = new Redis(server.url, { maxRetriesPerRequest: null })
  const queue = new Queue(RUNS.name, { connection: redis, prefix: QUEUE_PREFIX, defaultJobOptions: RUNS.jobOptions })
  const releases: (() => Promise<unknown>)[] = []
  const close = async (leave: number) => {
    while (releases.length > leave) await releases.pop()?.()
  }
  const bench: Bench = {
    ...options,
    dir,
    redisUrl: server.url,
    redis,
    queue,
    async start(app, programOptions = {}) {
      const program = await startProgram(app, bench, programOptions)
      releases.push(() => program.stop())
      return program
    },
    helper<Question, Answer>(file: string) {
      const helper = startHelper<Question, Answer>(file)
      releases.push(() => helper.stop())
      return helper
    },
    onClose: (release) => void releases.push(release),
    async scope(work) {
      const before = releases.length
      try {
        return await work()
      } finally {
        await close(before)
      }
    },
    empty: () => emptyRedis(redis),
    async stop() {
      await close(0)
      await queue.close()
      redis.disconnect()
      await server.stop()
    },
  }
  return bench
}

/** The default of ingest and worker. */
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
