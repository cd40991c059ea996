import { timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { problem } from '../problem.ts'
import type { AuthEnv, Verifier, VerifierDeps } from './caller.ts'
import { jwtVerifier } from './jwt.ts'
import type { AuthConfig } from './options.ts'
import { basicVerifier, bearerVerifier } from './static.ts'

export interface Authentication {
  /** Sets `c.get('caller')`, or rejects the request before reading its body. */
  middleware: MiddlewareHandler<AuthEnv>
  close(): Promise<void>
}

type Deps = Pick<VerifierDeps, 'files' | 'log'> & Partial<VerifierDeps>

/** Expects a configuration without `authErrors`. */
export function createAuthentication(config: AuthConfig, deps: Deps): Authentication {
  const { authMethod: method } = config
  const { log } = deps
  const verifier = createVerifier(config, { now: Date.now, isEqual: timingSafeEqual, ...deps })
  return {
    async middleware(c, next) {
      const verdict = await verifier.verify(c.req.raw)
      switch (verdict.kind) {
        case 'caller':
          c.set('caller', verdict.caller)
          return next()
        case 'unauthenticated':
          log.debug({ method, reason: verdict.reason }, 'request rejected')
          c.header('WWW-Authenticate', verdict.challenge)
          return problem(c, 401, `the Authorization header needs valid ${method} credentials: ${verdict.reason}`)
        case 'forbidden':
          log.debug({ method, reason: verdict.reason }, 'request rejected')
          return problem(c, 403, verdict.reason)
        case 'unavailable':
          log.debug({ method, reason: verdict.reason }, 'credentials could not be checked')
          return problem(c, 503, `${verdict.reason}; try again`)
      }
    },
    close: () => verifier.close(),
  }
}

function createVerifier(config: AuthConfig, deps: VerifierDeps): Verifier {
  switch (config.authMethod) {
    case 'none':
      return ANONYMOUS
    case 'basic':
      return basicVerifier(config, deps)
    case 'bearer':
      return bearerVerifier(config, deps)
    case 'jwt':
      return jwtVerifier(config, deps)
  }
}

const ANONYMOUS: Verifier = {
  verify: () => ({ kind: 'caller', caller: { name: 'anonymous', role: 'operator' } }),
  close: async () => {},
}
