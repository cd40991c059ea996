import {
  type Alert,
  type DedupScope,
  dedupId,
  type InvalidAlert,
  isInvalid,
  type Run,
  runId,
  type Webhook,
} from '@opifer/core'

/**
 * One run for each alert of a webhook, each by its own status.
 *
 * @param random makes the ids one of a kind
 */
export function splitWebhook(webhook: Webhook, scope: DedupScope, receivedAt: number, random: () => string): Run[] {
  const { receiver, groupKey } = webhook
  return webhook.alerts.map((alert) => ({
    id: runId(random(), beginning(alert) ?? receivedAt),
    dedupId: dedupId(webhook, alert, scope),
    receiver,
    groupKey,
    receivedAt,
    alert,
  }))
}

function beginning(alert: Alert | InvalidAlert): number | undefined {
  return isInvalid(alert) || alert.startsAt === undefined ? undefined : Date.parse(alert.startsAt)
}
