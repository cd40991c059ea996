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

/** Settings of ingest. Flags that OpenFero has keep their names. */
export const INGEST_OPTIONS = {
  ...COMMON_OPTIONS,
  ...AUTH_OPTIONS,
  ...TLS_OPTIONS,
  addr: { schema: address(':8080'), help: 'address to listen on (default :8080)' },
  maxBodyBytes: {
    schema: integer(10 * 1024 * 1024, { min: 1024 }),
    help: 'maximum webhook size in bytes; larger ones get 413 and are not retried (default 10485760, 10 MiB)',
  },
  redisTimeout: {
    schema: duration('5s', 1, LONGEST_TIMER),
    help: 'time a webhook may wait for Redis before it gets 503 (default 5s)',
  },
  maxQueued: {
    schema: integer(500_000, { min: 1 }),
    help: 'number of waiting runs above which webhooks get 503 (default 500000)',
  },
  maxMemoryPercent: {
    schema: integer(90, { min: 1, max: 100 }),
    help: "percentage of Redis' maxmemory above which webhooks get 503 (default 90)",
  },
  dedupScope: {
    schema: oneOf(['alert', 'group'], 'alert'),
    help: 'deduplicate per alert or per group: alert, group (default alert)',
  },
  resolvedTtl: {
    schema: duration('2h', 1_000),
    help: "retention of resolved alerts; at least the workers' --maxAge (default 2h)",
  },
} as const satisfies Options

export type IngestConfig = Config<typeof INGEST_OPTIONS>

/** Errors that involve several settings. */
export function ingestErrors(config: IngestConfig): string[] {
  return [...authErrors(config), ...tlsErrors(config)]
}
