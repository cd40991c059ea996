import type { MiddlewareHandler } from 'hono'
import type { Files } from '../../config/options.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { problem } from '../problem.ts'

/** What a caller may do: a viewer reads, an operator also acts. */
export type Role = 'viewer' | 'operator'

/** An authenticated caller. */
export interface Caller {
  name: string
  role: Role
}

/** Hono environment of an app behind authentication: `c.get('caller')`. */
export interface AuthEnv {
  Variables: { caller: Caller }
}

/** An authentication method, ready for use. */
export interface Verifier {
  /** Reads only the request's headers. */
  verify(request: Request): Verdict | Promise<Verdict>
  /** Stops watching files and fetching keys. */
  close(): Promise<void>
}

export type Verdict =
  | { kind: 'caller'; caller: Caller }
  /** Missing or wrong credentials. `reason` never quotes them. */
  | { kind: 'unauthenticated'; challenge: string; reason: string }
  /** Correct credentials without a role here. */
  | { kind: 'forbidden'; reason: string }
  /** The credentials can't be checked at the moment. */
  | { kind: 'unavailable'; reason: string }

export interface VerifierDeps {
  files: Files
  log: Logger
  /** Milliseconds since 1970. */
  now: () => number
  /** Compares two digests in constant time. */
  isEqual: (one: Uint8Array, other: Uint8Array) => boolean
  /** How often files are read again, in milliseconds. */
  intervalMs?: number | undefined
}

/** Admits callers with this role, and operators; answers 403 otherwise. Mount it after authentication. */
export function requireRole(role: Role): MiddlewareHandler<AuthEnv> {
  return async function hasRole(c, next) {
    const caller = c.get('caller')
    if (caller.role !== role && caller.role !== 'operator') {
      return problem(c, 403, `requires the role ${role}; ${caller.name} has the role ${caller.role}`)
    }
    return next()
  }
}
