import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { ManagedProcess } from '../process/child-process.ts'
import { freePort, retryWhenPortTaken } from '../network/port.ts'
import { startRedisProcess } from './process.ts'

export interface RedisOptions {
  /** Sync policy of the append-only file. Without one, nothing survives a restart. */
  readonly appendonly?: 'always' | 'everysec' | false
  readonly port?: number
  /** Data folder (default a temporary one, which `stop()` removes). */
  readonly dir?: string
  readonly extraArgs?: readonly string[]
}

export interface ProvidedRedis {
  readonly url: string
  stop(): Promise<void>
}

export interface RedisServer extends ProvidedRedis {
  readonly host: string
  readonly port: number
  readonly pid: number
  flush(): Promise<void>
  /** Freezes the server: connections stay open without replies. */
  pause(): void
  resume(): void
  /** Crashes the server; `restart()` brings it back. */
  kill(): Promise<void>
  /** Restarts the server on the same port and folder. */
  restart(): Promise<void>
}

/** The shared Redis at `REDIS_URL`, where callers must use a key prefix of their own; without the variable, a new server. */
export async function provideRedis(): Promise<ProvidedRedis> {
  const url = process.env.REDIS_URL
  return url ? { url, stop: async () => {} } : startRedis()
}

/** Starts a Redis server on a free loopback port. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'opifer-redis-')))
  const args = [
    ...persistenceArgs(options.appendonly),
    '--maxmemory-policy',
    'noeviction',
    ...(options.extraArgs ?? []),
  ]
  const first = await retryWhenPortTaken(async () => {
    const port = options.port ?? (await freePort())
    return { port, process: await startRedisProcess({ port, dir, args }) }
  })
  return serve(first.process, { port: first.port, dir, args, ownsDir: options.dir === undefined })
}

interface Settings {
  readonly port: number
  readonly dir: string
  readonly args: readonly string[]
  readonly ownsDir: boolean
}

function serve(first: ManagedProcess, settings: Settings): RedisServer {
  let server = first
  const url = `redis://127.0.0.1:${settings.port}`
  return {
    url,
    host: '127.0.0.1',
    port: settings.port,
    get pid() {
      return server.pid
    },
    flush: () => flush(url),
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
    async kill() {
      await server.kill()
    },
    async restart() {
      await server.stop()
      server = await startRedisProcess(settings)
    },
    async stop() {
      await server.stop()
      if (settings.ownsDir) await rm(settings.dir, { recursive: true })
    },
  }
}

function persistenceArgs(appendonly: RedisOptions['appendonly'] = false): string[] {
  const log = appendonly === false ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--appendfsync', appendonly]
  return ['--save', '', ...log]
}

async function flush(url: string): Promise<void> {
  const redis = new Redis(url)
  await redis.flushall()
  await redis.quit()
}
