import { z } from 'zod'
import { excerpt } from '../text/truncate.ts'
import { type Alert, type InvalidAlert, parseAlert } from './alert.ts'

/** A webhook of Alertmanager (format version 4): a group of alerts. Has only the fields that Opifer uses; others are ignored. */
export interface Webhook {
  receiver: string
  groupKey: string
  alerts: (Alert | InvalidAlert)[]
  /** Number of alerts that Alertmanager left out because of `max_alerts`. */
  truncatedAlerts: number
}

export type WebhookParse = { ok: true; webhook: Webhook } | { ok: false; errors: string[] }

/** Parses the JSON of a webhook. Fails only if the webhook as a whole is unusable; an invalid alert does not fail its group. */
export function parseWebhook(input: unknown): WebhookParse {
  const parsed = webhookSchema.safeParse(input)
  if (!parsed.success) return { ok: false, errors: parsed.error.issues.map(describe) }
  const { receiver, groupKey, alerts, truncatedAlerts } = parsed.data
  return { ok: true, webhook: { receiver, groupKey, alerts: alerts.map(parseAlert), truncatedAlerts } }
}

/** Every run of the group stores the group key and the receiver, hence the limits. */
const MAX_GROUP_KEY = 8_192
const MAX_RECEIVER = 1_024
const MAX_ALERTS = 20_000

const webhookSchema = z.object(
  {
    version: z.literal('4', { error: 'must be "4", the webhook format of Alertmanager' }),
    groupKey: z
      .string({ error: 'must be a string' })
      .min(1, 'must not be empty')
      .max(MAX_GROUP_KEY, tooLong(MAX_GROUP_KEY)),
    receiver: z.string({ error: 'must be a string' }).max(MAX_RECEIVER, tooLong(MAX_RECEIVER)),
    alerts: z
      .array(z.unknown(), { error: 'must be a list of alerts' })
      .max(MAX_ALERTS, `has more than ${MAX_ALERTS} alerts; group by more labels`),
    truncatedAlerts: z.number().int().nonnegative().catch(0),
  },
  { error: 'must be a JSON object' },
)

function tooLong(limit: number): string {
  return `is longer than ${limit} characters`
}

function describe(issue: z.core.$ZodIssue): string {
  return excerpt(`${issue.path.join('.') || 'body'} ${issue.message}`, 200)
}
