import { z } from 'zod'

/** Text in Redis that should be JSON; whatever else somebody may have written there is no more than invalid. */
export const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON' })
    return z.NEVER
  }
})
