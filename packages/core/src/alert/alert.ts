import { z } from 'zod'
import { sha256 } from '../text/hash.ts'
import { excerpt } from '../text/truncate.ts'
import { fingerprint } from './fingerprint.ts'
import { labelSetSchema } from './label-set.ts'

export type AlertStatus = z.output<typeof alertStatusSchema>

/** One member of a webhook's `alerts`, with a status of its own. */
export type Alert = z.output<typeof alertSchema>

/** An alert that can never be remediated. The other alerts of its group are not affected. */
export type InvalidAlert = z.output<typeof invalidAlertSchema>

/** Limit for all texts of one alert together, in characters: alerts are stored in Redis. */
export const MAX_ALERT_CHARACTERS = 256 * 1024

/** Parses one member of `alerts`. Never throws: an alert that can't be parsed is an `InvalidAlert`. */
export function parseAlert(input: unknown): Alert | InvalidAlert {
  const parsed = incomingAlertSchema.safeParse(input)
  if (!parsed.success) return invalidAlert(input, firstIssue(parsed.error))
  const { labels, annotations, ...fields } = parsed.data
  const size = characters(labels) + characters(annotations) + characters(fields)
  if (size > MAX_ALERT_CHARACTERS) {
    return invalidAlert(input, `the alert has ${size} characters, more than the limit of ${MAX_ALERT_CHARACTERS}`)
  }
  const alertname = labels['alertname']
  if (!alertname) return invalidAlert(input, 'labels.alertname is missing; it selects the Operario')
  return { ...parsed.data, alertname, fingerprint: fields.fingerprint || fingerprint(labels) }
}

export function isInvalid(alert: Alert | InvalidAlert): alert is InvalidAlert {
  return 'invalid' in alert
}

const alertStatusSchema = z.enum(['firing', 'resolved'], { error: 'must be "firing" or "resolved"' })

const textSchema = z.string({ error: 'must be a string' })

/** Many programs write null for an absent field. */
function absentable<Value>(schema: z.ZodType<Value>) {
  return schema.nullish().transform((value) => value ?? undefined)
}

/** Alertmanager sends Go's zero time for "not yet"; it counts as absent. */
const timestampSchema = absentable(z.iso.datetime({ offset: true, error: 'must be an RFC 3339 time' })).transform(
  (time) => (time?.startsWith('0001-01-01T00:00:00') ? undefined : time),
)

export const alertSchema = z.object({
  status: alertStatusSchema,
  /** The label `alertname`, which selects the Operario. */
  alertname: z.string(),
  labels: labelSetSchema,
  annotations: z.preprocess((annotations) => annotations ?? {}, labelSetSchema),
  startsAt: timestampSchema,
  /** Set only if the alert is resolved. */
  endsAt: timestampSchema,
  generatorURL: absentable(textSchema),
  /** As received, else computed from the labels. */
  fingerprint: z.string(),
})

/** Earlier versions wrote `defect` instead of `invalid`, and their runs may still be in Redis. */
export const invalidAlertSchema = z.preprocess(
  (input) => {
    if (typeof input !== 'object' || input === null || !('defect' in input) || 'invalid' in input) return input
    const { defect: invalid, ...rest } = input
    return { ...rest, invalid }
  },
  z.object({
    /** What is wrong and where. */
    invalid: z.string(),
    status: alertStatusSchema,
    alertname: z.string().optional(),
    /** Computed from the whole alert, since its labels may be invalid. */
    fingerprint: z.string(),
    /** The beginning of the alert's JSON, for an operator. */
    excerpt: z.string(),
  }),
)

const incomingAlertSchema = z.object(
  { ...alertSchema.omit({ alertname: true }).shape, fingerprint: absentable(textSchema) },
  { error: 'must be an object' },
)

const EXCERPT_LENGTH = 2_000
const NAME_LENGTH = 200

function invalidAlert(input: unknown, invalid: string): InvalidAlert {
  const json = jsonOf(input)
  const { labels, status } = salvageSchema.parse(input)
  return {
    invalid: excerpt(invalid, EXCERPT_LENGTH),
    status,
    alertname: labels.alertname && excerpt(labels.alertname, NAME_LENGTH),
    fingerprint: sha256([json]).slice(0, 16),
    excerpt: excerpt(json, EXCERPT_LENGTH),
  }
}

/** Reads what it can from an invalid alert; never fails. */
const salvageSchema = z
  .object({
    labels: z.object({ alertname: z.string().optional() }).catch({}),
    status: alertStatusSchema.catch('firing'),
  })
  .catch({ labels: {}, status: 'firing' })

/** Never throws, even if the input is nested too deeply for the engine or was never JSON. */
function jsonOf(input: unknown): string {
  try {
    return JSON.stringify(input) ?? ''
  } catch (error) {
    return String(error)
  }
}

function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues
  return issue ? `${issue.path.map(String).join('.') || 'the alert'} ${issue.message}` : 'not an alert'
}

function characters(texts: Readonly<Record<string, string | undefined>>): number {
  let total = 0
  for (const name in texts) total += name.length + (texts[name]?.length ?? 0)
  return total
}
