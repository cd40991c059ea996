import type { Options } from './options.ts'
import { duration, hostPorts, LONGEST_TIMER, oneOf, onOrOff, optionalText, optionalUrl, plainText } from './values.ts'
import { z } from 'zod'

/** What every process of Opifer can be told. */
export const COMMON_OPTIONS = {
  logLevel: {
    schema: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal'], 'info'),
    help: 'least level that is logged: trace, debug, info, warn, error, fatal',
  },
  shutdownTimeout: {
    schema: duration('25s', 1, LONGEST_TIMER),
    help: 'longest that the process takes to stop (default 25s)',
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
  redisPassword: { schema: optionalText(), secret: true, help: 'password for Redis, instead of one in the URL' },
  redisSentinels: {
    schema: hostPorts(),
    help: 'Sentinels as host:port,host:port; the URL then gives user, db and TLS only',
  },
  redisSentinelMaster: { schema: plainText('mymaster'), help: "name of the Sentinels' master (default mymaster)" },
  redisSentinelPassword: { schema: optionalText(), secret: true, help: 'password for the Sentinels themselves' },
  redisSentinelTls: {
    schema: onOrOff(),
    help: 'whether Sentinels are spoken to over TLS: on, off (default on with rediss://, off with redis://)',
  },
  redisClusterNodes: { schema: hostPorts(), help: 'nodes of a Redis Cluster as host:port,host:port' },
  queuePrefix: {
    schema: z
      .string()
      .default('{opifer}')
      .refine(
        (prefix) => /^[^{]*\{[^}]+\}/.test(prefix),
        'must hold a hash tag such as {opifer}, so that Redis Cluster keeps the keys together',
      ),
    help: 'what all keys in Redis begin with (default {opifer})',
  },
  otlpEndpoint: {
    schema: optionalUrl(),
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    help: 'OpenTelemetry collector that traces are sent to, e.g. http://collector:4318 (default none: no traces); also OTEL_EXPORTER_OTLP_ENDPOINT',
  },
} as const satisfies Options

/** Whether a client can be made of it: one that can't would fail only later, and apart from the other faults. */
function isRedisUrl(text: string): boolean {
  try {
    const { username, password, pathname } = new URL(text)
    decodeURIComponent(username + password)
    return /^rediss?:\/\//.test(text) && /^\/?\d*$/.test(pathname)
  } catch {
    return false
  }
}
