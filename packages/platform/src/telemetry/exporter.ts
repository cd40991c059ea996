import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import type { Logger } from './logger.ts'

/**
 * Sends spans to a collector, in JSON. What it does not take is dropped after a few attempts; that is told once, and
 * once more when it is over.
 */
export function createExporter(endpoint: string, log: Logger): OTLPTraceExporter {
  return new LoggingExporter(endpoint, log)
}

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
      if (error && !this.#isFailing) this.#log.warn({ err: error }, 'traces are not taken by the collector')
      if (!error && this.#isFailing) this.#log.info('traces are taken by the collector again')
      this.#isFailing = error !== undefined
      done(result)
    })
  }
}
