export { COMMON_OPTIONS } from './config/common.ts'
export { type Config, type ConfigParse, type Option, type Options, parseConfig } from './config/options.ts'
export {
  type Address,
  address,
  duration,
  hostPorts,
  integer,
  LONGEST_TIMER,
  oneOf,
  optionalText,
  plainText,
} from './config/values.ts'
export { type Authentication, authenticate, BEARER_TOKEN } from './http/authenticate.ts'
export { type Operations, operationsApp } from './http/operations.ts'
export { problem } from './http/problem.ts'
export { type HttpServer, serveHttp } from './http/serve.ts'
export { createLifecycle, type Lifecycle } from './lifecycle.ts'
export { createLogger, type Logger } from './logger.ts'
export { createRegistry } from './metrics.ts'
export { type Process, type ProcessInput, runProcess } from './process.ts'
export { type CreateMarks, createMarks, type Marks } from './queue/marks.ts'
export { RUNS } from './queue/runs.ts'
export { connectRedis, type RedisClient, type RedisConfig, type RedisPatience } from './redis/connect.ts'
export { VERSION } from './version.ts'
