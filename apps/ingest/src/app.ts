import { type Authentication, type Logger, operationsApp, problem, type RedisClient } from '@opifer/platform'
import { Hono } from 'hono'
import type { Registry } from 'prom-client'
import type { createIntake } from './intake.ts'
import type { IngestMetrics } from './metrics.ts'
import { alertsRoute } from './routes/alerts.ts'
import { within } from './within.ts'

export interface AppDeps {
  intake: ReturnType<typeof createIntake>
  redis: RedisClient
  registry: Registry
  metrics: IngestMetrics
  auth: Authentication
  log: Logger
}

/** The HTTP side of ingest. */
export function createApp(deps: AppDeps, settings: { maxBodyBytes: number }): Hono {
  const { redis, registry, metrics, log } = deps
  const app = new Hono()
  app.use('/alerts', async function measured(c, next) {
    const stop = metrics.webhookSeconds.startTimer()
    await next()
    if (c.req.method !== 'POST') return
    stop()
    metrics.webhooks.inc({ code: c.res.status })
  })
  app.route('/alerts', alertsRoute({ ...deps, maxBodyBytes: settings.maxBodyBytes }))
  app.route('/', operationsApp({ registry, unready: () => redisUnready(redis) }))
  app.notFound((c) => problem(c, 404, 'there is /alerts, /healthz, /readiness and /metrics'))
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

const PING_TIMEOUT_MS = 1_000

async function redisUnready(redis: RedisClient): Promise<string | undefined> {
  if (redis.status !== 'ready') return 'Redis is not connected'
  const answer = await within(PING_TIMEOUT_MS, redis.ping()).catch(() => undefined)
  return answer === undefined ? 'Redis does not answer' : undefined
}
