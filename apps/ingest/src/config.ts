import {
  address,
  type Authentication,
  BEARER_TOKEN,
  COMMON_OPTIONS,
  type Config,
  duration,
  integer,
  LONGEST_TIMER,
  oneOf,
  optionalText,
  type Options,
} from '@opifer/platform'

/** What an ingest process can be told. Names of flags that OpenFero has are OpenFero's. */
export const INGEST_OPTIONS = {
  ...COMMON_OPTIONS,
  addr: { schema: address(':8080'), help: 'where to listen (default :8080)' },
  authMethod: {
    schema: oneOf(['none', 'basic', 'bearer'], 'none'),
    help: 'how POST /alerts is authenticated: none, basic, bearer (default none)',
  },
  authBasicUser: { schema: optionalText(), help: 'user for basic authentication' },
  authBasicPass: { schema: optionalText(), secret: true, help: 'password for basic authentication' },
  authBearerToken: { schema: optionalText(), secret: true, help: 'token for bearer authentication' },
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

/** What is missing for the method of authentication that was chosen. */
export function authFaults({ authMethod, authBasicUser, authBasicPass, authBearerToken }: IngestConfig): string[] {
  const faults: string[] = []
  const need = (flag: string) => faults.push(`${flag}: needed for --authMethod=${authMethod}`)
  if (authMethod === 'basic' && !authBasicUser) need('--authBasicUser')
  if (authMethod === 'basic' && !authBasicPass) need('--authBasicPass or --authBasicPassFile')
  if (authMethod === 'bearer' && !authBearerToken) need('--authBearerToken or --authBearerTokenFile')
  if (authBearerToken && !BEARER_TOKEN.test(authBearerToken)) {
    faults.push('--authBearerToken: holds characters that no bearer token may hold (RFC 6750)')
  }
  return faults
}

/** How `POST /alerts` is authenticated. */
export function authentication(config: IngestConfig): Authentication {
  const {
    authMethod: method,
    authBasicUser: user = '',
    authBasicPass: password = '',
    authBearerToken: token = '',
  } = config
  switch (method) {
    case 'none':
      return { method }
    case 'basic':
      return { method, user, password }
    case 'bearer':
      return { method, token }
  }
}
