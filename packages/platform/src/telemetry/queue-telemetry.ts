import { type Context, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api'
import type { Span, Telemetry } from 'bullmq'
import { BullMQOtel } from 'bullmq-otel'

/**
 * BullMQ's spans of what happens to a run: that it is added, and each of its turns. Its spans of what a worker does
 * whether or not there are runs are left out, and so are texts: errors may quote what alerts and Operarios hold.
 */
export function createQueueTelemetry(): Telemetry<Context> {
  const { tracer, contextManager } = new BullMQOtel({ tracerName: 'opifer' }) as Telemetry<Context>
  return {
    tracer: {
      startSpan(name, options, context) {
        const kind = Number(options?.kind)
        if (!KEPT.has(kind)) return NO_SPAN
        // A worker takes its next run while it is still in the context of the one before.
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

/** BullMQ numbers the kinds of spans as OpenTelemetry does. */
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
