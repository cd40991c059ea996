import type { Logger } from './logger.ts'
import { NO_TRACING, type Tracing } from './tracing.ts'

export interface TracingOptions {
  /** Name of the process, e.g. `ingest`. */
  name: string
  /** URL of an OTLP collector; undefined disables tracing. */
  endpoint: string | undefined
  log: Logger
}

/** Loads OpenTelemetry only if there is an endpoint. */
export async function startTracing({ name, endpoint, log }: TracingOptions): Promise<Tracing> {
  if (endpoint === undefined) return NO_TRACING
  const { startOpenTelemetry } = await import('./open-telemetry.ts')
  return startOpenTelemetry(name, endpoint, log)
}
