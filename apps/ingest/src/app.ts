import type { Authentication } from '@opifer/platform/auth'
import { problem } from '@opifer/platform/http'
import type { Logger, Tracing } from '@opifer/platform/telemetry'
import { Hono } from 'hono'
import type { createIntake } from './intake.ts'
import type { IngestMetrics } from './metrics.ts'
import { alertsRoute } from './routes/alerts.ts'

export interface AppDeps {
  intake: ReturnType<typeof createIntake>
  metrics: IngestMetrics
  auth: Authentication
  tracing: Pick<Tracing, 'request' | 'annotate'>
  log: Logger
  /** Undefined if they have a separate listener. */
  operations: Hono | undefined
}

/** The HTTP side of ingest. */
export function createApp(deps: AppDeps, settings: { maxBodyBytes: number }): Hono {
  const { metrics, tracing, log, operations } = deps
  const app = new Hono()
  app.use('/alerts', tracing.request, async function measured(c, next) {
    const stop = metrics.webhookSeconds.startTimer()
    await next()
    if (c.req.method !== 'POST') return
    stop()
    metrics.webhooks.inc({ code: c.res.status })
    if (c.res.status < 500 && !c.res.ok && c.res.status !== CLIENT_DISCONNECTED)
      log.warn(await rejectionOf(c.res), 'webhook rejected')
  })
  app.route('/alerts', alertsRoute({ ...deps, maxBodyBytes: settings.maxBodyBytes }))
  if (operations) app.route('/', operations)
  const paths = operations ? '/alerts, /healthz, /readiness and /metrics' : '/alerts'
  app.notFound((c) => problem(c, 404, `not found; try ${paths}`))
  app.onError((err, c) => {
    if (c.req.raw.signal.aborted) {
      log.info('client disconnected')
      return problem(c, CLIENT_DISCONNECTED, 'client disconnected')
    }
    log.error({ err }, 'request failed')
    // Alertmanager retries after 5xx, so no alert is lost.
    return problem(c, 503, 'internal error; send the webhook again')
  })
  return app
}

/** For metrics only: the client has disconnected and will retry. */
const CLIENT_DISCONNECTED = 408

/** Code and detail of a rejection, for the log. */
async function rejectionOf(response: Response): Promise<{ code: number; detail: string }> {
  const { detail = '' } = (await response.clone().json()) as { detail?: string }
  return { code: response.status, detail: detail.slice(0, 500).toWellFormed() }
}
