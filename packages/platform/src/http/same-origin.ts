import type { MiddlewareHandler } from 'hono'
import { problem } from './problem.ts'

/**
 * Refuses what another site has a browser send. Browsers add the credentials that they know to such requests too, so
 * that who is logged in would act without knowing. Reading is let pass: no other site sees the answer.
 *
 * A browser says itself where a request comes from: in `Sec-Fetch-Site` over https and on this machine, in `Origin`
 * over plain http. Requests with neither come from other programs, whose credentials nobody can borrow.
 */
export const sameOrigin: MiddlewareHandler = async function sameOrigin(c, next) {
  if (SAFE_METHODS.has(c.req.method) || !isCrossSite(c.req.raw)) return next()
  return problem(c, 403, 'a page of another site sent this: act from the dashboard itself')
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

function isCrossSite({ headers, url }: Request): boolean {
  const site = headers.get('Sec-Fetch-Site')
  if (site !== null) return site !== 'same-origin' && site !== 'none'
  const origin = headers.get('Origin')
  if (origin === null) return false
  // A proxy may have taken off TLS, so the schemes may differ; "null", as sandboxed pages send it, is no URL at all.
  return URL.parse(origin)?.host !== new URL(url).host
}
