import { AUTH_OPTIONS, authErrors, EXPOSURE_OPTIONS, exposureError } from '@opifer/platform/auth'
import {
  address,
  COMMON_OPTIONS,
  type Config,
  duration,
  integer,
  LONGEST_TIMER,
  type Options,
} from '@opifer/platform/config'
import { TLS_OPTIONS, tlsErrors } from '@opifer/platform/http'

/** The options of the dashboard. */
export const DASHBOARD_OPTIONS = {
  ...COMMON_OPTIONS,
  ...AUTH_OPTIONS,
  ...EXPOSURE_OPTIONS,
  ...TLS_OPTIONS,
  addr: { schema: address('127.0.0.1:8082'), help: 'listen address (default 127.0.0.1:8082)' },
  redisTimeout: {
    schema: duration('5s', 1, LONGEST_TIMER),
    help: 'Redis response timeout (default 5s)',
  },
  historyMaxAge: {
    schema: duration('7d', 60_000),
    help: "queue depth retention; match the workers' historyMaxAge (default 7d)",
  },
  maxViewers: {
    schema: integer(1_000, { min: 1 }),
    help: 'maximum concurrent live-update connections (default 1000)',
  },
} as const satisfies Options

export type DashboardConfig = Config<typeof DASHBOARD_OPTIONS>

/** Errors in how options combine. */
export function dashboardErrors(config: DashboardConfig): string[] {
  const exposure = exposureError(config.addr, config.authMethod, config.allowUnauthenticated)
  return [...authErrors(config), ...tlsErrors(config), ...(exposure === undefined ? [] : [exposure])]
}
