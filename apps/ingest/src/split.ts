import { type DedupScope, dedupId, type Run, type Webhook } from '@opifer/core'

/** One run for each alert of a webhook, each by its own status. */
export function splitWebhook(webhook: Webhook, scope: DedupScope, receivedAt: number, newId: () => string): Run[] {
  const { receiver, groupKey } = webhook
  return webhook.alerts.map((alert) => ({
    id: newId(),
    dedupId: dedupId(webhook, alert, scope),
    receiver,
    groupKey,
    receivedAt,
    alert,
  }))
}
