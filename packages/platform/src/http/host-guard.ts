import type { MiddlewareHandler } from 'hono'
import type { AuthConfig, ExposureConfig } from './auth/options.ts'
import { problem } from './problem.ts'

/**
 * Rejects requests whose Host is not a name of this server. Without authentication, any web page could otherwise talk to
 * it by resolving the page's own name to this address (DNS rebinding); the browser sees a single origin.
 */
export function hostGuard({
  allowedHosts,
  authMethod,
  allowUnauthenticated,
}: Pick<AuthConfig, 'authMethod'> & ExposureConfig): MiddlewareHandler {
  if (allowedHosts) return guard((name) => allowedHosts.includes(name), 'Host is not one of --allowedHosts')
  if (authMethod !== 'none' || allowUnauthenticated) return (_c, next) => next()
  return guard(isLocal, 'without authentication, Host must be localhost, 127.0.0.1, [::1] or one of --allowedHosts')
}

function guard(isAllowed: (name: string) => boolean, detail: string): MiddlewareHandler {
  return async function guarded(c, next) {
    const { hostname } = new URL(c.req.url)
    return isAllowed(hostname) ? next() : problem(c, 403, detail)
  }
}

function isLocal(name: string): boolean {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(name)
}
