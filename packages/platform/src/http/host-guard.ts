import type { MiddlewareHandler } from 'hono'
import { problem } from './problem.ts'

/**
 * Refuses a request that calls this server by another name than this machine's own. To what listens on loopback without
 * authentication, a page of any site could else speak by having its own name lead here (DNS rebinding): to the browser
 * that is one site.
 */
export const localHost: MiddlewareHandler = async function localHost(c, next) {
  const { hostname } = new URL(c.req.url)
  if (LOCAL.test(hostname)) return next()
  return problem(c, 403, 'without authentication this is reached as localhost, 127.0.0.1 or [::1] only')
}

const LOCAL = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/
