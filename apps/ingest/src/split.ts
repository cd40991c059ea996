import { type DedupScope, identify, isInvalid, type Run, type Webhook } from '@opifer/core'
import type { ResolvedAlert } from '@opifer/queue'

/** What one alert of a webhook asks for. */
export interface Intent {
  run: Run
  /** The end that a resolved alert reports. */
  resolved: ResolvedAlert | undefined
}

/** One run for each alert of a webhook, each by its own status. */
export function splitWebhook(webhook: Webhook, scope: DedupScope, receivedAt: number, newId: () => string): Intent[] {
  const { receiver, groupKey } = webhook
  return webhook.alerts.map((alert) => {
    const { alertId, alertKey, dedupId } = identify(webhook, alert, scope)
    const run = { id: newId(), dedupId, alertKey, receiver, groupKey, receivedAt, alert }
    if (isInvalid(alert) || alert.status !== 'resolved') return { run, resolved: undefined }
    const endedAt = alert.endsAt === undefined ? undefined : Date.parse(alert.endsAt)
    return { run, resolved: { alertId, mark: { endedAt, receivedAt } } }
  })
}
