import { type Context, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api'
import type { Span, Telemetry } from 'bullmq'
import { BullMQOtel } from 'bullmq-otel'

/**
 * BullMQ's spans of a run: its enqueueing and each attempt. Drops the spans of a worker's routine work, and all texts:
 * errors may quote alerts and Operarios.
 */
export function createQueueTelemetry(): Telemetry<Context> {
  const { tracer, contextManager } = new BullMQOtel({ tracerName: 'opifer' }) as Telemetry<Context>
  return {
    tracer: {
      startSpan(name, options, context) {
        const kind = Number(options?.kind)
        if (!KEPT.has(kind)) return NO_SPAN
        // A worker fetches its next run while the context of the previous one is still active.
        const parent = kind === CONSUMER ? (context ?? ROOT_CONTEXT) : context
        return withoutTexts(tracer.startSpan(name, options, parent))
      },
    },
    contextManager: {
      with: (context, work) => contextManager.with(context, work),
      active: () => contextManager.active(),
      root: () => ROOT_CONTEXT,
      getMetadata: (context) => contextManager.getMetadata(context),
      fromMetadata: (_active, metadata) => contextManager.fromMetadata(ROOT_CONTEXT, metadata),
    },
  }
}

/** BullMQ numbers the span kinds like OpenTelemetry. */
const CONSUMER: number = SpanKind.CONSUMER
const KEPT: ReadonlySet<number> = new Set([SpanKind.PRODUCER, SpanKind.CONSUMER])

const NO_SPAN: Span<Context> = {
  setSpanOnContext: (context) => context,
  setAttribute() {},
  setAttributes() {},
  addEvent() {},
  recordException() {},
  end() {},
}

function withoutTexts(span: Span<Context>): Span<Context> {
  return {
    setSpanOnContext: (context) => span.setSpanOnContext(context),
    setAttribute: (key, value) => span.setAttribute(key, value),
    setAttributes: (attributes) => span.setAttributes(attributes),
    addEvent: (name) => span.addEvent(name),
    recordException: () => span.addEvent('exception'),
    end: () => span.end(),
  }
}
