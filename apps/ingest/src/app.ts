import { type Authentication, type Logger, problem } from '@opifer/platform'
import { Hono } from 'hono'
import type { createIntake } from './intake.ts'
import type { IngestMetrics } from './metrics.ts'
import { alertsRoute } from './routes/alerts.ts'

export interface AppDeps {
  intake: ReturnType<typeof createIntake>
  metrics: IngestMetrics
  auth: Authentication
  log: Logger
  /** Undefined where they have a listener of their own. */
  operations: Hono | undefined
}

/** The HTTP side of ingest. */
export function createApp(deps: AppDeps, settings: { maxBodyBytes: number }): Hono {
  const { metrics, log, operations } = deps
  const app = new Hono()
  app.use('/alerts', async function measured(c, next) {
    const stop = metrics.webhookSeconds.startTimer()
    await next()
    if (c.req.method !== 'POST') return
    stop()
    metrics.webhooks.inc({ code: c.res.status })
  })
  app.route('/alerts', alertsRoute({ ...deps, maxBodyBytes: settings.maxBodyBytes }))
  if (operations) app.route('/', operations)
  const paths = operations ? '/alerts, /healthz, /readiness and /metrics' : '/alerts'
  app.notFound((c) => problem(c, 404, `there is ${paths}`))
  app.onError((err, c) => {
    if (c.req.raw.signal.aborted) {
      log.info('a request broke off before its end')
      return problem(c, 408, 'the request broke off before its end')
    }
    log.error({ err }, 'a request failed')
    // Whatever it was, the alerts are not lost as long as Alertmanager sends them again, which it does after 5xx.
    return problem(c, 503, 'the request failed here: send it again')
  })
  return app
}
