import { STATUS_CODES } from 'node:http'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** Answers with a problem as RFC 9457 describes it. `detail` says what was wrong and how to mend it. */
export function problem(
  c: Context,
  status: ContentfulStatusCode,
  detail: string,
  more: Record<string, unknown> = {},
): Response {
  const body = { type: 'about:blank', title: STATUS_CODES[status], status, detail, ...more }
  return c.body(JSON.stringify(body), status, { 'Content-Type': 'application/problem+json' })
}
