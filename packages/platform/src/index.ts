export { COMMON_OPTIONS } from './config/common.ts'
export { type Config, type ConfigParse, type Files, type Option, type Options, parseConfig } from './config/options.ts'
export {
  type Address,
  address,
  duration,
  hostPorts,
  integer,
  LONGEST_TIMER,
  oneOf,
  optionalAddress,
  optionalText,
  plainText,
} from './config/values.ts'
export { type Authentication, createAuthentication } from './http/auth/authentication.ts'
export { type AuthEnv, type Caller, requireRole, type Role } from './http/auth/caller.ts'
export { exposureFault } from './http/auth/exposure.ts'
export { authFaults } from './http/auth/faults.ts'
export { AUTH_OPTIONS, type AuthConfig, EXPOSURE_OPTIONS } from './http/auth/options.ts'
export { hostGuard } from './http/host-guard.ts'
export { type Operations, operationsApp, placeOperations } from './http/operations.ts'
export { problem } from './http/problem.ts'
export { sameOrigin } from './http/same-origin.ts'
export { type HttpServer, serveHttp } from './http/serve.ts'
export { openTls, type Tls, TLS_OPTIONS, type TlsConfig, tlsFaults } from './http/tls.ts'
export { createLifecycle, type Lifecycle } from './lifecycle.ts'
export { createLogger, type Logger } from './logger.ts'
export { createLabelCap } from './metrics/label-cap.ts'
export { registerRedisMetrics } from './metrics/redis-metrics.ts'
export { createRegistry } from './metrics/registry.ts'
export { type Process, type ProcessInput, runProcess } from './process.ts'
export type { Lock } from './queue/lock.ts'
export { type CreateMarks, createMarks, type Marks } from './queue/marks.ts'
export { openRuns } from './queue/open-runs.ts'
export { RUNS } from './queue/runs.ts'
export { connectRedis, type RedisClient, type RedisConfig, type RedisPatience } from './redis/connect.ts'
export { redisUnready } from './redis/unready.ts'
export { NO_TRACING, type Tracing } from './tracing/tracing.ts'
export { VERSION } from './version.ts'
export { within } from './within.ts'
