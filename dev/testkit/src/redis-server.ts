import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { ManagedProcess } from './child-process.ts'
import { freePort, retryWhenPortTaken } from './free-port.ts'
import { startRedisProcess } from './redis-process.ts'

export interface RedisOptions {
  /** When the append-only file is synced; without one nothing survives a restart. */
  readonly appendonly?: 'always' | 'everysec' | false
  readonly port?: number
  /** Where the server keeps its files; without one it gets a temporary folder that `stop()` removes. */
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
  /** Freezes the server: connections stay open and nothing answers. */
  pause(): void
  resume(): void
  /** Ends the server as a crash would; `restart()` brings it back. */
  kill(): Promise<void>
  /** Starts the server again on the same port and folder, after ending it if it still runs. */
  restart(): Promise<void>
}

/** The Redis that `REDIS_URL` names, shared with others: keep to a key prefix of your own. Without it, a new server. */
export async function provideRedis(): Promise<ProvidedRedis> {
  const url = process.env.REDIS_URL
  return url ? { url, stop: async () => {} } : startRedis()
}

/** Starts a real Redis server on a free loopback port. */
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
