import { httpInstrumentationMiddleware } from '@hono/otel'
import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import type { MiddlewareHandler } from 'hono'
import { every } from 'hono/combine'
import type { Logger } from './logger.ts'
import { VERSION } from '../process/version.ts'
import { within } from '../process/within.ts'
import { createExporter } from './exporter.ts'
import { createQueueTelemetry } from './queue-telemetry.ts'
import type { Attributes, Tracing } from './tracing.ts'

/**
 * Traces, sent to a collector by OTLP over HTTP. Sampling, limits, batches, headers and resource attributes are set by
 * the variables of OpenTelemetry itself (`OTEL_TRACES_SAMPLER`, `OTEL_BSP_…`, `OTEL_EXPORTER_OTLP_HEADERS`, …).
 */
export function startOpenTelemetry(name: string, endpoint: string, log: Logger): Tracing {
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({ 'service.name': `opifer-${name}`, 'service.version': VERSION }),
    // Others would tell the command line, in which secrets may stand.
    resourceDetectors: [envDetector],
    traceExporter: createExporter(endpoint, log),
    metricReaders: [],
    logRecordProcessors: [],
  })
  sdk.start()
  const tracer = trace.getTracer('opifer', VERSION)
  return {
    queueOptions: { telemetry: createQueueTelemetry() },
    request: every(httpInstrumentationMiddleware({ captureActiveRequests: false }), hideQuery),
    async span(spanName, attributes, work) {
      // What is done for no run in particular, such as a watch, is no trace by itself.
      if (!trace.getActiveSpan()) return work(() => {})
      return tracer.startActiveSpan(spanName, { kind: SpanKind.CLIENT, attributes: present(attributes) }, (span) =>
        finish(span, () => work((more) => span.setAttributes(present(more)))),
      )
    },
    annotate(attributes) {
      const span = trace.getActiveSpan()
      if (span?.isRecording()) span.setAttributes(present(attributes()))
    },
    async stop() {
      // What the collector did not take was told already.
      await within(STOP_MS, sdk.shutdown()).catch(() => {})
    },
  }
}

/** A collector that does not answer must not hold up the end of a process. */
const STOP_MS = 2_000

async function finish<Value>(span: Span, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
}

/** The address that a webhook is posted to may hold a secret in its query. */
const hideQuery: MiddlewareHandler = async (c, next) => {
  trace.getActiveSpan()?.setAttribute('url.full', c.req.url.split('?', 1)[0] ?? '')
  await next()
}

function present(attributes: Attributes): Record<string, string | number> {
  const entries = Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))
  return Object.fromEntries(entries) as Record<string, string | number>
}
