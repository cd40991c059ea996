import { problem } from '@opifer/platform/http'
import type { MiddlewareHandler } from 'hono'

export type JsonParse = { ok: true; value: unknown } | { ok: false; error: string }

/** Rejects requests that are not declared as plain JSON. */
export const requireJson: MiddlewareHandler = async function requireJson(c, next) {
  const type = c.req.header('Content-Type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type !== 'application/json' && !type.endsWith('+json')) {
    return problem(c, 415, `Content-Type must be application/json, not ${JSON.stringify(type.slice(0, 100))}`)
  }
  const encoding = c.req.header('Content-Encoding')?.toLowerCase() ?? 'identity'
  if (encoding !== 'identity') return problem(c, 415, 'Content-Encoding is not supported')
  return next()
}

export function parseJson(body: ArrayBuffer): JsonParse {
  try {
    return { ok: true, value: JSON.parse(utf8.decode(body)) }
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'truncated or malformed' : 'not UTF-8'
    return { ok: false, error: `the body is not JSON: ${reason}` }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
