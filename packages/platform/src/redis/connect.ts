import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Config } from '../config/options.ts'
import type { COMMON_OPTIONS } from '../config/common.ts'
import type { Logger } from '../telemetry/logger.ts'
import { coalesceWrites } from './coalesce-writes.ts'

export type RedisClient = Redis | Cluster

export type RedisConfig = Pick<
  Config<typeof COMMON_OPTIONS>,
  | 'redisUrl'
  | 'redisPassword'
  | 'redisSentinels'
  | 'redisSentinelMaster'
  | 'redisSentinelPassword'
  | 'redisSentinelTls'
  | 'redisClusterNodes'
>

/** How a process behaves while Redis is away. */
export type RedisPatience =
  /** Waits for as long as it takes: for workers, who have nobody to answer. */
  | { kind: 'wait' }
  /** Fails at once, and after `timeoutMs` when Redis is there but silent: for ingest, whose caller tries again. */
  | { kind: 'fail-fast'; timeoutMs: number }

export function redisFaults({ redisSentinels, redisClusterNodes }: RedisConfig): string[] {
  const isBoth = redisSentinels.length > 0 && redisClusterNodes.length > 0
  return isBoth ? ['--redisSentinels and --redisClusterNodes: only one of them can be where Redis is'] : []
}

/** Connects in the background, and again whenever the connection is lost. */
export function connectRedis(config: RedisConfig, patience: RedisPatience, log: Logger): RedisClient {
  const client = createClient(config, patience, log)
  coalesceWrites(client)
  let down = false
  client.on('error', (err: Error) => {
    if (!down) log.warn({ err }, 'Redis is away')
    down = true
  })
  client.on('ready', () => {
    log.info(down ? 'Redis is back' : 'connected to Redis')
    down = false
  })
  return client
}

function createClient(config: RedisConfig, patience: RedisPatience, log: Logger): RedisClient {
  const url = new URL(config.redisUrl)
  const isTls = url.protocol === 'rediss:'
  const options = {
    username: decodeURIComponent(url.username) || undefined,
    password: config.redisPassword ?? (decodeURIComponent(url.password) || undefined),
    tls: isTls ? {} : undefined,
    ...behaviour(patience, log),
  } satisfies RedisOptions
  const db = Number(url.pathname.slice(1)) || 0
  if (config.redisClusterNodes.length > 0) {
    return new Cluster(config.redisClusterNodes, {
      redisOptions: options,
      enableOfflineQueue: patience.kind === 'wait',
      clusterRetryStrategy: reconnectDelay,
    })
  }
  if (config.redisSentinels.length > 0) {
    const { redisSentinels: sentinels, redisSentinelMaster: name, redisSentinelPassword: sentinelPassword } = config
    return new Redis({
      ...options,
      db,
      sentinels,
      name,
      sentinelPassword,
      sentinelTLS: (config.redisSentinelTls ?? isTls) ? {} : undefined,
      // Without it ioredis passes over `tls` in silence.
      enableTLSForSentinelMode: true,
      // Until Sentinel demotes it, the old master takes writes that are lost then: leave it once there is a new one.
      failoverDetector: true,
    })
  }
  return new Redis({ ...options, db, host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || 6379 })
}

function behaviour(patience: RedisPatience, log: Logger) {
  const always = {
    retryStrategy: reconnectDelay,
    // After a failover a connection may be left at what is a replica now: only a new one finds the new master.
    reconnectOnError(err: Error) {
      const isReplica = err.message.includes('READONLY')
      if (isReplica) log.warn({ err }, 'Redis only reads here: connecting anew')
      return isReplica
    },
  }
  // No `enableAutoPipelining`: with ioredis 6.0.0 a connection that breaks in the midst of answers is an error that nobody can
  // catch, and the process ends. Writing the commands of one turn together has most of what it would save.
  // The time-out is longer than BullMQ ever blocks, which is ten seconds: only a connection that is dead without knowing it is cut.
  if (patience.kind === 'wait') return { ...always, maxRetriesPerRequest: null, socketTimeout: 30_000 }
  return {
    ...always,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // A Redis that hangs would otherwise collect every webhook's commands in this process.
    socketTimeout: patience.timeoutMs,
    connectTimeout: patience.timeoutMs,
  }
}

function reconnectDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 6), 1_000)
}
