import { z } from 'zod'

/**
 * Label names and values as received. Without a prototype, because labels may be called `__proto__` or `constructor`: a
 * plain object would drop the first and always seem to have the second.
 */
export type LabelSet = Readonly<Record<string, string>>

/** Parses a JSON object whose values are all strings into a prototype-less `LabelSet`. */
export const labelSetSchema = z.unknown().transform((input, context): LabelSet => {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    context.addIssue({ code: 'custom', message: 'must be an object of strings' })
    return z.NEVER
  }
  for (const [name, value] of Object.entries(input)) {
    if (typeof value !== 'string') context.addIssue({ code: 'custom', message: 'must be a string', path: [name] })
  }
  return labelSet(input)
})

/** Builds a `LabelSet` from the entries that are strings. */
export function labelSet(entries: unknown = {}): LabelSet {
  const labels: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(entries ?? {})) {
    if (typeof value === 'string') labels[name] = value
  }
  return labels
}
