import type { Telemetry } from 'bullmq'
import type { MiddlewareHandler } from 'hono'
import type { Logger } from './logger.ts'

export type Attributes = Readonly<Record<string, string | number | undefined>>

/** A process's part in the traces that lead from a webhook to the outcome of its runs. */
export interface Tracing {
  /** To be spread into the options of a BullMQ queue or worker: carries the trace along with each run. */
  queueOptions: { telemetry?: Telemetry }
  /** Begins the trace of a request, or goes on with the one that it belongs to. */
  request: MiddlewareHandler
  /** Does the work in a span of its own, if it is done within a trace. */
  span: <Value>(
    name: string,
    attributes: Attributes,
    work: (annotate: (more: Attributes) => void) => Promise<Value>,
  ) => Promise<Value>
  /** Adds to the span that is under way; what is added is only worked out where there is one. */
  annotate: (attributes: () => Attributes) => void
  /** Sends what was not sent yet, unless that takes long. */
  stop: () => Promise<void>
}

/** Leaves no trace. */
export const NO_TRACING: Tracing = {
  queueOptions: {},
  request: (_c, next) => next(),
  span: (_name, _attributes, work) => work(() => {}),
  annotate() {},
  stop: async () => {},
}

export interface TracingOptions {
  /** Of the process, e.g. `ingest`. */
  name: string
  /** Where an OTLP collector listens; undefined for no traces. */
  endpoint: string | undefined
  log: Logger
}

/** Without an endpoint nothing of OpenTelemetry is even loaded. */
export async function startTracing({ name, endpoint, log }: TracingOptions): Promise<Tracing> {
  if (endpoint === undefined) return NO_TRACING
  const { startOpenTelemetry } = await import('./open-telemetry.ts')
  return startOpenTelemetry(name, endpoint, log)
}
