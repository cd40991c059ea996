import { STATUS_CODES } from 'node:http'
import type { Hook, z } from '@hono/zod-openapi'
import type { AuthEnv } from '@opifer/platform/auth'
import { problem } from '@opifer/platform/http'
import { problemSchema } from './schemas.ts'

/** A JSON response, for the OpenAPI document. */
export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** Problem details (RFC 9457) with these statuses, for the OpenAPI document. */
export function problems(...statuses: number[]) {
  const content = { 'application/problem+json': { schema: problemSchema } }
  return Object.fromEntries(statuses.map((status) => [status, { description: STATUS_CODES[status] ?? '', content }]))
}

/** Problem details as a handler's return value: its type allows only the responses of success. */
export function reject(...args: Parameters<typeof problem>): never {
  return problem(...args) as never
}

/** Rejects a request that does not match the schema of its route. */
export const rejectInvalid: Hook<unknown, AuthEnv, string, Response | undefined> = function rejectInvalid(result, c) {
  if (result.success) return undefined
  const errors = result.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`)
  return problem(c, 400, errors.join('; '))
}
