import { timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { problem } from '../problem.ts'
import { basicVerifier } from './basic.ts'
import { bearerVerifier } from './bearer.ts'
import type { AuthEnv } from './caller.ts'
import { jwtVerifier } from './jwt.ts'
import type { AuthConfig } from './options.ts'
import type { Verifier, VerifierDeps } from './verifier.ts'

export interface Authentication {
  /** Sets `c.get('caller')`, or answers before anything of the body is read. */
  middleware: MiddlewareHandler<AuthEnv>
  close(): Promise<void>
}

type Deps = Pick<VerifierDeps, 'files' | 'log'> & Partial<VerifierDeps>

/** Authentication as configured. `authFaults` has found nothing wrong with the configuration. */
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
        case 'refused':
          log.debug({ method, reason: verdict.reason }, 'a request was refused')
          c.header('WWW-Authenticate', verdict.challenge)
          return problem(c, 401, `send the right ${method} credentials in the Authorization header: ${verdict.reason}`)
        case 'forbidden':
          log.debug({ method, reason: verdict.reason }, 'a request was refused')
          return problem(c, 403, verdict.reason)
        case 'unavailable':
          log.debug({ method, reason: verdict.reason }, 'a request could not be judged')
          return problem(c, 503, `${verdict.reason}: send it again`)
      }
    },
    close: () => verifier.close(),
  }
}

function createVerifier(config: AuthConfig, deps: VerifierDeps): Verifier {
  switch (config.authMethod) {
    case 'none':
      return ANYBODY
    case 'basic':
      return basicVerifier(config, deps)
    case 'bearer':
      return bearerVerifier(config, deps)
    case 'jwt':
      return jwtVerifier(config, deps)
  }
}

const ANYBODY: Verifier = {
  verify: () => ({ kind: 'caller', caller: { name: 'anonymous', role: 'operator' } }),
  close: async () => {},
}
