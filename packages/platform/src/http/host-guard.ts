import type { MiddlewareHandler } from 'hono'
import type { AuthConfig, ExposureConfig } from './auth/options.ts'
import { problem } from './problem.ts'

/**
 * Refuses a request that calls this server by a name that is none of its own. To what lets everybody in, a page of any
 * site could else speak by having its own name lead here (DNS rebinding): to the browser that is one site.
 */
export function hostGuard({
  allowedHosts,
  authMethod,
  allowUnauthenticated,
}: Pick<AuthConfig, 'authMethod'> & ExposureConfig): MiddlewareHandler {
  if (allowedHosts) return guard((name) => allowedHosts.includes(name), 'this is reached by the --allowedHosts only')
  if (authMethod !== 'none' || allowUnauthenticated) return (_c, next) => next()
  return guard(isLocal, 'without authentication this is reached as localhost, 127.0.0.1, [::1] or --allowedHosts only')
}

function guard(isAllowed: (name: string) => boolean, otherwise: string): MiddlewareHandler {
  return async function guarded(c, next) {
    const { hostname } = new URL(c.req.url)
    return isAllowed(hostname) ? next() : problem(c, 403, otherwise)
  }
}

function isLocal(name: string): boolean {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(name)
}
