import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'

/**
 * Rejects bodies larger than `maxBytes`. Trusts Content-Length, which Node enforces; only other bodies are counted, by
 * hono's middleware. It converts the body to a web stream, a tenth of the cost of a small webhook.
 */
export function limitBody(maxBytes: number, reject: (c: Context) => Response): MiddlewareHandler {
  const limitCounted = bodyLimit({ maxSize: maxBytes, onError: reject })
  return async function limitedBody(c, next) {
    const length = c.req.header('Content-Length')
    if (length === undefined || c.req.header('Transfer-Encoding') !== undefined) return limitCounted(c, next)
    return Number(length) <= maxBytes ? next() : reject(c)
  }
}
