import { alertId, type DedupScope, dedupId, isDefective, type Run, type Webhook } from '@opifer/core'

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

/** The alerts of these runs that are over. */
export function resolvedAlerts(runs: readonly Run[]): { alertId: string; endedAt: number | undefined }[] {
  return runs.flatMap((run) => {
    if (isDefective(run.alert) || run.alert.status !== 'resolved') return []
    const { endsAt } = run.alert
    return [{ alertId: alertId(run, run.alert), endedAt: endsAt === undefined ? undefined : Date.parse(endsAt) }]
  })
}
