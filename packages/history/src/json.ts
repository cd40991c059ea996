import { z } from 'zod'

/** Parses JSON text from Redis; anything else fails validation instead of throwing. */
export const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON' })
    return z.NEVER
  }
})
