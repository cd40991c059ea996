export { createLogger, type Logger } from './logger.ts'
export { createLabelCap, createRegistry, registerRedisMetrics } from './metrics.ts'
export { NO_TRACING, type Tracing } from './tracing.ts'
