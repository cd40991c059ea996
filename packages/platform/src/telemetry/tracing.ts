import type { Telemetry } from 'bullmq'
import type { MiddlewareHandler } from 'hono'

export type Attributes = Readonly<Record<string, string | number | undefined>>

/** A process's part in the traces from a webhook to the outcome of its runs. */
export interface Tracing {
  /** Spread this into the options of a BullMQ queue or worker: it carries the trace along with each run. */
  queueOptions: { telemetry?: Telemetry }
  /** Middleware that starts the trace of a request, or continues the caller's. */
  request: MiddlewareHandler
  /** Runs `work` in a span of its own, if a trace is active. */
  span: <Value>(
    name: string,
    attributes: Attributes,
    work: (annotate: (more: Attributes) => void) => Promise<Value>,
  ) => Promise<Value>
  /** Adds attributes to the active span; computes them only if one is recording. */
  annotate: (attributes: () => Attributes) => void
  /** Flushes pending spans, within a time limit. */
  stop: () => Promise<void>
}

/** Records nothing. */
export const NO_TRACING: Tracing = {
  queueOptions: {},
  request: (_c, next) => next(),
  span: (_name, _attributes, work) => work(() => {}),
  annotate() {},
  stop: async () => {},
}
