import type { MiddlewareHandler } from 'hono'
import { problem } from './problem.ts'

/**
 * Rejects cross-site requests (CSRF): browsers attach a logged-in user's credentials to them too. Reads are allowed, since
 * another site can't see the response.
 *
 * Browsers send the origin of a request: in `Sec-Fetch-Site` over https and to localhost, in `Origin` over plain http.
 * Requests with neither come from other programs, whose credentials a web page can't use.
 */
export const sameOrigin: MiddlewareHandler = async function sameOrigin(c, next) {
  if (SAFE_METHODS.has(c.req.method) || !isCrossSite(c.req.raw)) return next()
  return problem(c, 403, 'cross-site request; use the dashboard itself')
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

function isCrossSite({ headers, url }: Request): boolean {
  const site = headers.get('Sec-Fetch-Site')
  if (site !== null) return site !== 'same-origin' && site !== 'none'
  const origin = headers.get('Origin')
  if (origin === null) return false
  // Schemes may differ behind a proxy that terminates TLS. Sandboxed pages send "null", which is not a URL.
  return URL.parse(origin)?.host !== new URL(url).host
}
