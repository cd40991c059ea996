import { STATUS_CODES } from 'node:http'
import type { Hook, z } from '@hono/zod-openapi'
import type { AuthEnv } from '@opifer/platform/auth'
import { problem } from '@opifer/platform/http'
import { problemSchema } from './schemas.ts'

/** An answer in JSON, for the document of the API. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** Answers with a problem (RFC 9457), for the document of the API. */
export function problems(...statuses: number[]) {
  const content = { 'application/problem+json': { schema: problemSchema } }
  return Object.fromEntries(statuses.map((status) => [status, { description: STATUS_CODES[status] ?? '', content }]))
}

/** A problem as a handler's answer, which its type knows nothing of: it names the answers that go well. */
export function refuse(...args: Parameters<typeof problem>): never {
  return problem(...args) as never
}

/** What a request's schema complains of. */
export const faulty: Hook<unknown, AuthEnv, string, Response | undefined> = function faulty(result, c) {
  if (result.success) return undefined
  const faults = result.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`)
  return problem(c, 400, faults.join('; '))
}
