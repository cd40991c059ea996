import { z } from 'zod'
import { sha256 } from '../text/hash.ts'
import { excerpt } from '../text/truncate.ts'
import { fingerprint } from './fingerprint.ts'
import { labelSetSchema } from './label-set.ts'

export type AlertStatus = z.output<typeof alertStatusSchema>

/** One member of a webhook's `alerts`, with a status of its own. */
export type Alert = z.output<typeof alertSchema>

/** An alert that can never be remediated, whatever the cluster holds. Its group goes on without it. */
export type DefectiveAlert = z.output<typeof defectiveAlertSchema>

/** Characters that all texts of one alert may hold together: alerts are kept in Redis until they are dealt with. */
export const MAX_ALERT_CHARACTERS = 256 * 1024

/** Parses one member of `alerts`; what is wrong with it is a value, not an exception. */
export function parseAlert(input: unknown): Alert | DefectiveAlert {
  const parsed = incomingAlertSchema.safeParse(input)
  if (!parsed.success) return defective(input, firstIssue(parsed.error))
  const { labels, annotations, ...fields } = parsed.data
  const size = characters(labels) + characters(annotations) + characters(fields)
  if (size > MAX_ALERT_CHARACTERS) {
    return defective(input, `the alert holds ${size} characters, more than ${MAX_ALERT_CHARACTERS}`)
  }
  const alertname = labels['alertname']
  if (!alertname) return defective(input, 'labels.alertname is missing: it chooses the Operario')
  return { ...parsed.data, alertname, fingerprint: fields.fingerprint || fingerprint(labels) }
}

export function isDefective(alert: Alert | DefectiveAlert): alert is DefectiveAlert {
  return 'defect' in alert
}

const alertStatusSchema = z.enum(['firing', 'resolved'], { error: 'must be "firing" or "resolved"' })

const textSchema = z.string({ error: 'must be a string' })

/** To most programs that write JSON, null and nothing are the same. */
function absentable<Value>(schema: z.ZodType<Value>) {
  return schema.nullish().transform((value) => value ?? undefined)
}

/** Go's zero time is what Alertmanager sends for "not yet"; it counts as absent. */
const timestampSchema = absentable(z.iso.datetime({ offset: true, error: 'must be an RFC 3339 time' })).transform(
  (time) => (time?.startsWith('0001-01-01T00:00:00') ? undefined : time),
)

export const alertSchema = z.object({
  status: alertStatusSchema,
  /** The label of that name, which chooses the Operario. */
  alertname: z.string(),
  labels: labelSetSchema,
  annotations: z.preprocess((annotations) => annotations ?? {}, labelSetSchema),
  startsAt: timestampSchema,
  /** Only of a resolved alert. */
  endsAt: timestampSchema,
  generatorURL: absentable(textSchema),
  /** As it came, else computed from the labels. */
  fingerprint: z.string(),
})

export const defectiveAlertSchema = z.object({
  /** What is wrong, where, and what would be right. */
  defect: z.string(),
  status: alertStatusSchema,
  alertname: z.string().optional(),
  /** Made of the whole alert, since its labels may be what is wrong. */
  fingerprint: z.string(),
  /** The beginning of the alert's JSON, for whoever looks into it. */
  excerpt: z.string(),
})

const incomingAlertSchema = z.object(
  { ...alertSchema.omit({ alertname: true }).shape, fingerprint: absentable(textSchema) },
  { error: 'must be an object' },
)

const EXCERPT_LENGTH = 2_000
const NAME_LENGTH = 200

function defective(input: unknown, defect: string): DefectiveAlert {
  const json = jsonOf(input)
  const { labels, status } = salvageSchema.parse(input)
  return {
    defect: excerpt(defect, EXCERPT_LENGTH),
    status,
    alertname: labels.alertname && excerpt(labels.alertname, NAME_LENGTH),
    fingerprint: sha256([json]).slice(0, 16),
    excerpt: excerpt(json, EXCERPT_LENGTH),
  }
}

/** What can still be told of an alert that is wrong; never fails. */
const salvageSchema = z
  .object({
    labels: z.object({ alertname: z.string().optional() }).catch({}),
    status: alertStatusSchema.catch('firing'),
  })
  .catch({ labels: {}, status: 'firing' })

/** Never throws: what is nested too deep for the engine, or never was JSON, has no text. */
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
