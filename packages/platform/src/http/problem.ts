import { STATUS_CODES } from 'node:http'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** Responds with a problem (RFC 9457). `detail` says what is wrong and how to fix it. */
export function problem(
  c: Context,
  status: ContentfulStatusCode,
  detail: string,
  more: Record<string, unknown> = {},
): Response {
  const body = { type: 'about:blank', title: STATUS_CODES[status], status, detail, ...more }
  return c.body(JSON.stringify(body), status, { 'Content-Type': 'application/problem+json' })
}
