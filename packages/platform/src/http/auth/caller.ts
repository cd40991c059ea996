import type { MiddlewareHandler } from 'hono'
import { problem } from '../problem.ts'

/** What a caller may do: a viewer looks, an operator acts as well. */
export type Role = 'viewer' | 'operator'

/** Who sent a request, as authentication found. */
export interface Caller {
  name: string
  role: Role
}

/** Of an app behind authentication: `c.get('caller')`. */
export interface AuthEnv {
  Variables: { caller: Caller }
}

/** Lets callers of a role pass, and operators everywhere; answers others 403. Stands behind authentication. */
export function requireRole(role: Role): MiddlewareHandler<AuthEnv> {
  return async function hasRole(c, next) {
    const caller = c.get('caller')
    if (caller.role !== role && caller.role !== 'operator') {
      return problem(c, 403, `this needs the role ${role}, and ${caller.name} has the role ${caller.role}`)
    }
    return next()
  }
}
