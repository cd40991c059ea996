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

/** How `POST /alerts` is authenticated. Throws an error that says what is missing when the method lacks its secrets. */
export function authentication(config: IngestConfig): Authentication {
  switch (config.authMethod) {
    case 'none':
      return { method: 'none' }
    case 'basic':
      return { method: 'basic', user: need(config, 'authBasicUser'), password: need(config, 'authBasicPass') }
    case 'bearer': {
      const token = need(config, 'authBearerToken')
      if (!BEARER_TOKEN.test(token)) throw new Error('--authBearerToken holds characters that no bearer token may hold')
      return { method: 'bearer', token }
    }
  }
}

function need(config: IngestConfig, name: 'authBasicUser' | 'authBasicPass' | 'authBearerToken'): string {
  const value = config[name]
  if (!value) throw new Error(`--authMethod=${config.authMethod} needs --${name}`)
  return value
}
