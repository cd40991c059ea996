import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Config } from '../config/options.ts'
import type { COMMON_OPTIONS } from '../config/common.ts'
import type { Logger } from '../telemetry/logger.ts'
import { withTimeout } from '../process/timers.ts'
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

/** How commands behave while Redis is down. */
export type RedisPatience =
  /** They wait as long as it takes: for workers, which have no caller to answer. */
  | { kind: 'wait' }
  /** They fail at once, or after `timeoutMs` if Redis is connected but silent: for ingest, whose caller retries. */
  | { kind: 'fail-fast'; timeoutMs: number }

export function redisErrors({ redisSentinels, redisClusterNodes }: RedisConfig): string[] {
  const isBoth = redisSentinels.length > 0 && redisClusterNodes.length > 0
  return isBoth ? ['--redisSentinels and --redisClusterNodes: set only one of them'] : []
}

/** Connects in the background, and reconnects whenever the connection is lost. */
export function connectRedis(config: RedisConfig, patience: RedisPatience, log: Logger): RedisClient {
  const client = createClient(config, patience, log)
  coalesceWrites(client)
  let down = false
  client.on('error', (err: Error) => {
    if (!down) log.warn({ err }, 'Redis connection lost')
    down = true
  })
  client.on('ready', () => {
    log.info(down ? 'Redis connection restored' : 'connected to Redis')
    down = false
  })
  return client
}

const PING_TIMEOUT_MS = 1_000

/** Why Redis can't be used at the moment; undefined if it can. */
export async function redisUnready(redis: RedisClient): Promise<string | undefined> {
  if (redis.status !== 'ready') return 'Redis is not connected'
  const answer = await withTimeout(PING_TIMEOUT_MS, redis.ping()).catch(() => undefined)
  return answer === undefined ? 'Redis does not answer' : undefined
}

function createClient(config: RedisConfig, patience: RedisPatience, log: Logger): RedisClient {
  const url = new URL(config.redisUrl)
  const isTls = url.protocol === 'rediss:'
  const options = {
    username: decodeURIComponent(url.username) || undefined,
    password: config.redisPassword ?? (decodeURIComponent(url.password) || undefined),
    tls: isTls ? {} : undefined,
    ...behavior(patience, log),
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
      // Without it ioredis silently ignores `tls`.
      enableTLSForSentinelMode: true,
      // Until Sentinel demotes it, the old master accepts writes that will be lost: leave it as soon as there is a new one.
      failoverDetector: true,
    })
  }
  return new Redis({ ...options, db, host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || 6379 })
}

function behavior(patience: RedisPatience, log: Logger) {
  const always = {
    retryStrategy: reconnectDelay,
    // After a failover a connection may still point to the old master, now a replica: only a new one finds the new master.
    reconnectOnError(err: Error) {
      const isReplica = err.message.includes('READONLY')
      if (isReplica) log.warn({ err }, 'connected to a read-only Redis replica; reconnecting')
      return isReplica
    },
  }
  // No `enableAutoPipelining`: with ioredis 6.0.0 a connection that breaks during a reply throws an uncatchable error and ends
  // the process. `coalesceWrites` saves most of what it would.
  // BullMQ blocks for ten seconds at most, so a socket that is silent for longer than this timeout is dead.
  if (patience.kind === 'wait') return { ...always, maxRetriesPerRequest: null, socketTimeout: 30_000 }
  return {
    ...always,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // Otherwise the commands of every webhook would pile up in this process while Redis hangs.
    socketTimeout: patience.timeoutMs,
    connectTimeout: patience.timeoutMs,
  }
}

function reconnectDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 6), 1_000)
}
