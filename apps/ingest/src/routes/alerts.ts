import { groupKeyHash, parseWebhook } from '@opifer/core'
import { type Authentication, type AuthEnv, requireRole } from '@opifer/platform/auth'
import { problem } from '@opifer/platform/http'
import type { Logger, Tracing } from '@opifer/platform/telemetry'
import { Hono } from 'hono'
import type { createIntake, Receipt } from '../intake.ts'
import type { IngestMetrics } from '../metrics.ts'
import { parseJson, requireJson } from './json-body.ts'
import { limitBody } from './limit-body.ts'

export interface AlertsRoute {
  intake: ReturnType<typeof createIntake>
  auth: Authentication
  maxBodyBytes: number
  metrics: IngestMetrics
  tracing: Pick<Tracing, 'annotate'>
  log: Logger
}

/**
 * `/alerts`. Alertmanager retries after 5xx only, so 202 promises that every alert is stored, 503 is for everything
 * transient, and 4xx only for what can never succeed (alertmanager: notify/util.go, Retrier). Posting an alert starts a
 * Job, so it requires the operator role.
 */
export function alertsRoute({ intake, auth, maxBodyBytes, metrics, tracing, log }: AlertsRoute): Hono<AuthEnv> {
  const limit = limitBody(maxBodyBytes, (c) => {
    // The rest of the body stays unread, so the connection can't be reused.
    c.header('Connection', 'close')
    const fix = 'raise --maxBodyBytes or group alerts by more labels'
    return problem(c, 413, `the body is larger than ${maxBodyBytes} bytes; ${fix}`)
  })
  return new Hono<AuthEnv>()
    .get('/', (c) => c.json('OK'))
    .post('/', auth.middleware, requireRole('operator'), requireJson, limit, async (c) => {
      const json = parseJson(await c.req.arrayBuffer())
      if (!json.ok) return problem(c, 400, json.error)
      const parsed = parseWebhook(json.value)
      if (!parsed.ok) return problem(c, 400, `not an Alertmanager webhook: ${parsed.errors.join('; ')}`)

      const { webhook } = parsed
      tracing.annotate(() => ({
        'opifer.group_key.hash': groupKeyHash(webhook.groupKey),
        'opifer.alerts': webhook.alerts.length,
      }))
      const answer = await intake(webhook)
      switch (answer.kind) {
        case 'accepted': {
          const { receipts } = answer
          for (const { result } of receipts) metrics.alerts.inc({ result })
          metrics.truncated.inc(webhook.truncatedAlerts)
          log.info({ groupKey: webhook.groupKey, ...tally(receipts) }, 'webhook accepted')
          log.debug({ groupKey: webhook.groupKey, receipts }, 'webhook receipts')
          return c.json({ alerts: receipts, truncatedAlerts: webhook.truncatedAlerts }, 202)
        }
        case 'unavailable': {
          log.warn({ groupKey: webhook.groupKey, reason: answer.reason, err: answer.cause }, 'webhook deferred')
          return problem(c, 503, `${answer.reason}; send the webhook again`)
        }
      }
    })
    .all('/', (c) => {
      c.header('Allow', 'GET, POST')
      return problem(c, 405, 'only GET and POST are allowed')
    })
}

function tally(receipts: readonly Receipt[]): Record<Receipt['result'], number> {
  const counts = { enqueued: 0, deduplicated: 0, cooldown: 0 }
  for (const { result } of receipts) counts[result]++
  return counts
}
