import type { Options } from './options.ts'
import { duration, hostPorts, LONGEST_TIMER, oneOf, optionalString, optionalUrl, string, toggle } from './values.ts'
import { z } from 'zod'

/** Settings of every process. */
export const COMMON_OPTIONS = {
  logLevel: {
    schema: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal'], 'info'),
    help: 'minimum log level: trace, debug, info, warn, error, fatal (default info)',
  },
  shutdownTimeout: {
    schema: duration('25s', 1, LONGEST_TIMER),
    help: 'time allowed for a graceful shutdown (default 25s)',
  },
  redisUrl: {
    schema: z
      .string()
      .default('redis://127.0.0.1:6379')
      .refine(isRedisUrl, 'must be redis[s]://[user:password@]host:port[/db], with special characters as %XX'),
    env: 'REDIS_URL',
    secret: true,
    help: 'Redis, as redis[s]://[user:password@]host:port[/db] (default redis://127.0.0.1:6379); also REDIS_URL',
  },
  redisPassword: { schema: optionalString(), secret: true, help: 'Redis password; overrides the one in the URL' },
  redisSentinels: {
    schema: hostPorts(),
    help: 'Sentinels, as host:port,host:port; only user, password, db and TLS are then taken from the URL',
  },
  redisSentinelMaster: { schema: string('mymaster'), help: 'name of the Sentinel master group (default mymaster)' },
  redisSentinelPassword: { schema: optionalString(), secret: true, help: 'password of the Sentinels themselves' },
  redisSentinelTls: {
    schema: toggle(),
    help: 'TLS to the Sentinels: on, off (default on with rediss://, off with redis://)',
  },
  redisClusterNodes: { schema: hostPorts(), help: 'Redis Cluster nodes, as host:port,host:port' },
  queuePrefix: {
    schema: z
      .string()
      .default('{opifer}')
      .refine(
        (prefix) => /^[^{]*\{[^}]+\}/.test(prefix),
        'must contain a hash tag such as {opifer}, so that Redis Cluster keeps all keys on one node',
      ),
    help: 'prefix of all Redis keys (default {opifer})',
  },
  otlpEndpoint: {
    schema: optionalUrl(),
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    help: 'OpenTelemetry collector for traces, e.g. http://collector:4318 (default none); also OTEL_EXPORTER_OTLP_ENDPOINT',
  },
} as const satisfies Options

/** Catches what would otherwise fail only when the client is created, separately from the other errors. */
function isRedisUrl(text: string): boolean {
  try {
    const { username, password, pathname } = new URL(text)
    decodeURIComponent(username + password)
    return /^rediss?:\/\//.test(text) && /^\/?\d*$/.test(pathname)
  } catch {
    return false
  }
}
