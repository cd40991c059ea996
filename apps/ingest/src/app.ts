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
  /** Undefined where they have a listener of their own. */
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
    if (c.res.status < 500 && !c.res.ok && c.res.status !== BROKEN_OFF)
      log.warn(await refusal(c.res), 'webhook refused')
  })
  app.route('/alerts', alertsRoute({ ...deps, maxBodyBytes: settings.maxBodyBytes }))
  if (operations) app.route('/', operations)
  const paths = operations ? '/alerts, /healthz, /readiness and /metrics' : '/alerts'
  app.notFound((c) => problem(c, 404, `there is ${paths}`))
  app.onError((err, c) => {
    if (c.req.raw.signal.aborted) {
      log.info('a request broke off before its end')
      return problem(c, BROKEN_OFF, 'the request broke off before its end')
    }
    log.error({ err }, 'a request failed')
    // Whatever it was, the alerts are not lost as long as Alertmanager sends them again, which it does after 5xx.
    return problem(c, 503, 'the request failed here: send it again')
  })
  return app
}

/** Counted, and heard by nobody: to the sender the connection failed, and it sends again. */
const BROKEN_OFF = 408

/** What the sender was told, which is fit for a log. */
async function refusal(response: Response): Promise<{ code: number; detail: string }> {
  const { detail = '' } = (await response.clone().json()) as { detail?: string }
  return { code: response.status, detail: detail.slice(0, 500).toWellFormed() }
}
