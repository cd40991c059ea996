import { AUTH_OPTIONS, authErrors } from '@opifer/platform/auth'
import {
  address,
  COMMON_OPTIONS,
  type Config,
  duration,
  integer,
  LONGEST_TIMER,
  oneOf,
  type Options,
} from '@opifer/platform/config'
import { TLS_OPTIONS, tlsErrors } from '@opifer/platform/http'

/** What an ingest process can be told. Names of flags that OpenFero has are OpenFero's. */
export const INGEST_OPTIONS = {
  ...COMMON_OPTIONS,
  ...AUTH_OPTIONS,
  ...TLS_OPTIONS,
  addr: { schema: address(':8080'), help: 'where to listen (default :8080)' },
  maxBodyBytes: {
    schema: integer(10 * 1024 * 1024, { min: 1024 }),
    help: 'largest webhook; larger ones get 413 and are not sent again (default 10 MiB)',
  },
  redisTimeout: {
    schema: duration('5s', 1, LONGEST_TIMER),
    help: 'longest that a webhook waits for Redis before it is answered 503 (default 5s)',
  },
  maxQueued: {
    schema: integer(500_000, { min: 1 }),
    help: 'runs that may wait for a worker before webhooks are answered 503 (default 500000)',
  },
  maxMemoryPercent: {
    schema: integer(90, { min: 1, max: 100 }),
    help: "part of Redis' maxmemory that may be in use before webhooks are answered 503 (default 90)",
  },
  dedupScope: {
    schema: oneOf(['alert', 'group'], 'alert'),
    help: 'what is one piece of work at a time: each alert of a group, or the group as a whole (default alert)',
  },
  resolvedTtl: {
    schema: duration('2h', 1_000),
    help: "how long a resolved alert is remembered; at least the workers' --maxAge (default 2h)",
  },
} as const satisfies Options

export type IngestConfig = Config<typeof INGEST_OPTIONS>

/** What no setting shows by itself. */
export function ingestErrors(config: IngestConfig): string[] {
  return [...authErrors(config), ...tlsErrors(config)]
}
