import { httpInstrumentationMiddleware } from '@hono/otel'
import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import type { MiddlewareHandler } from 'hono'
import { every } from 'hono/combine'
import { withTimeout } from '../process/timers.ts'
import { VERSION } from '../process/version.ts'
import type { Logger } from './logger.ts'
import { createQueueTelemetry } from './queue-telemetry.ts'
import type { Attributes, Tracing } from './tracing.ts'

/**
 * Sends traces to a collector by OTLP over HTTP. OpenTelemetry's own variables configure sampling, limits, batches,
 * headers and resource attributes (`OTEL_TRACES_SAMPLER`, `OTEL_BSP_…`, `OTEL_EXPORTER_OTLP_HEADERS`, …).
 */
export function startOpenTelemetry(name: string, endpoint: string, log: Logger): Tracing {
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({ 'service.name': `opifer-${name}`, 'service.version': VERSION }),
    // Other detectors would export the command line, which may contain secrets.
    resourceDetectors: [envDetector],
    traceExporter: new LoggingExporter(endpoint, log),
    metricReaders: [],
    logRecordProcessors: [],
  })
  sdk.start()
  const tracer = trace.getTracer('opifer', VERSION)
  return {
    queueOptions: { telemetry: createQueueTelemetry() },
    request: every(httpInstrumentationMiddleware({ captureActiveRequests: false }), hideQuery),
    async span(spanName, attributes, work) {
      // Work that belongs to no run, such as a watch, is not worth a trace.
      if (!trace.getActiveSpan()) return work(() => {})
      return tracer.startActiveSpan(spanName, { kind: SpanKind.CLIENT, attributes: defined(attributes) }, (span) =>
        endAfter(span, () => work((more) => span.setAttributes(defined(more)))),
      )
    },
    annotate(attributes) {
      const span = trace.getActiveSpan()
      if (span?.isRecording()) span.setAttributes(defined(attributes()))
    },
    async stop() {
      // The exporter has already logged its failures.
      await withTimeout(STOP_MS, sdk.shutdown()).catch(() => {})
    },
  }
}

/** An unresponsive collector must not delay the shutdown for longer. */
const STOP_MS = 2_000

/** Logs when exports start to fail and when they work again. Spans are dropped after a few attempts. */
class LoggingExporter extends OTLPTraceExporter {
  readonly #log: Logger
  #isFailing = false

  constructor(endpoint: string, log: Logger) {
    super({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` })
    this.#log = log
  }

  override export(...[spans, done]: Parameters<OTLPTraceExporter['export']>): void {
    super.export(spans, (result) => {
      const { error } = result
      if (error && !this.#isFailing) this.#log.warn({ err: error }, 'trace export failing')
      if (!error && this.#isFailing) this.#log.info('trace export restored')
      this.#isFailing = error !== undefined
      done(result)
    })
  }
}

async function endAfter<Value>(span: Span, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
}

/** The query of a webhook URL may contain a secret. */
const hideQuery: MiddlewareHandler = async (c, next) => {
  trace.getActiveSpan()?.setAttribute('url.full', c.req.url.split('?', 1)[0] ?? '')
  await next()
}

function defined(attributes: Attributes): Record<string, string | number> {
  const entries = Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))
  return Object.fromEntries(entries) as Record<string, string | number>
}
