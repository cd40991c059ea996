import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'

/**
 * Refuses bodies over so many bytes. One that says its length is judged by that, since Node lets no more through; only others
 * are counted by hono's own middleware, for which the body becomes a web stream: a tenth of what a small webhook costs.
 */
export function limitBody(maxBytes: number, refuse: (c: Context) => Response): MiddlewareHandler {
  const limitCounted = bodyLimit({ maxSize: maxBytes, onError: refuse })
  return async function limitedBody(c, next) {
    const length = c.req.header('Content-Length')
    if (length === undefined || c.req.header('Transfer-Encoding') !== undefined) return limitCounted(c, next)
    return Number(length) <= maxBytes ? next() : refuse(c)
  }
}
