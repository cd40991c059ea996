import { errors, jwtVerify, type JWTPayload } from 'jose'
import type { Role, Verdict, Verifier, VerifierDeps } from './caller.ts'
import { KeysUnavailableError, openKeys } from './jwks.ts'
import type { AuthConfig } from './options.ts'
import { noToken, readBearer, wrongToken } from './static.ts'

/** Tokens signed by an issuer (RFC 7519), such as an OpenID Connect provider or Kubernetes. */
export function jwtVerifier(config: AuthConfig, deps: VerifierDeps): Verifier {
  const { authJwtIssuer: issuer = '', authJwtAudience: audience = '', authJwtAlgorithms: algorithms } = config
  const keys = openKeys(config, deps)
  const clockTolerance = config.authJwtClockTolerance / 1_000
  return {
    async verify(request) {
      const token = readBearer(request)
      if (token === undefined) return noToken()
      try {
        const { payload } = await jwtVerify(token, keys.find, {
          issuer,
          audience,
          algorithms,
          clockTolerance,
          currentDate: new Date(deps.now()),
          // A token that never expires could not be revoked.
          requiredClaims: ['exp', 'sub'],
        })
        return callerOf(payload, config)
      } catch (error) {
        if (error instanceof KeysUnavailableError) return { kind: 'unavailable', reason: error.message }
        if (error instanceof errors.JOSEError) return wrongToken(reasonOf(error))
        throw error
      }
    },
    close: () => keys.close(),
  }
}

function callerOf(payload: JWTPayload, config: AuthConfig): Verdict {
  const names = {
    claim: config.authJwtRolesClaim,
    operator: config.authJwtOperatorRole,
    viewer: config.authJwtViewerRole,
  }
  const role = roleOf(payload, names)
  if (role) return { kind: 'caller', caller: { name: payload.sub ?? '', role } }
  return { kind: 'forbidden', reason: `claim ${names.claim} contains neither ${names.operator} nor ${names.viewer}` }
}

/** Quotes nothing of the token but the name of a claim. */
function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'token expired'
  if (error instanceof errors.JWTClaimValidationFailed) return `claim ${error.claim} missing or wrong`
  if (error instanceof errors.JOSEAlgNotAllowed) return 'signature algorithm not allowed'
  if (error instanceof errors.JWKSNoMatchingKey) return "signing key not in the issuer's key set"
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'token does not name its key (kid)'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'wrong signature'
  return 'malformed token'
}

export interface RoleNames {
  /** The claim with the roles: its name, or a dotted path to it. */
  claim: string
  operator: string
  viewer: string
}

/** The role that a token's claims grant; undefined if none. */
export function roleOf(claims: object, { claim, operator, viewer }: RoleNames): Role | undefined {
  const roles = namesIn(valueAt(claims, claim))
  if (roles.includes(operator)) return 'operator'
  return roles.includes(viewer) ? 'viewer' : undefined
}

/** Claim names may be URLs, which contain dots too: an exact match takes precedence over a path. */
function valueAt(claims: object, path: string): unknown {
  if (Object.hasOwn(claims, path)) return (claims as Record<string, unknown>)[path]
  return path.split('.').reduce<unknown>((value, name) => {
    const exists = typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    return exists ? (value as Record<string, unknown>)[name] : undefined
  }, claims)
}

/** A list, or words separated by spaces, like `scope`. */
function namesIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return typeof value === 'string' ? value.split(' ') : []
}
