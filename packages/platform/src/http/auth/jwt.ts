import { errors, jwtVerify, type JWTPayload } from 'jose'
import { noToken, readBearer, wrongToken } from './bearer.ts'
import { KeysUnavailableError } from './issuer-keys.ts'
import { openKeys } from './keys.ts'
import type { AuthConfig } from './options.ts'
import { roleOf } from './roles.ts'
import type { Verdict, Verifier, VerifierDeps } from './verifier.ts'

/** Tokens that an issuer signs (RFC 7519), as OpenID Connect providers and Kubernetes give them out. */
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
          // A token without an end could not be taken back.
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
  return { kind: 'forbidden', reason: `the claim ${names.claim} has neither ${names.operator} nor ${names.viewer}` }
}

/** Of the token itself nothing but the name of a claim. */
function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired'
  if (error instanceof errors.JWTClaimValidationFailed) return `the claim ${error.claim} is missing or wrong`
  if (error instanceof errors.JOSEAlgNotAllowed) return 'the token is signed in a way that is not allowed'
  if (error instanceof errors.JWKSNoMatchingKey) return 'the token is signed with a key that the issuer does not show'
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'the token does not name its key (kid)'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature is wrong'
  return 'the token is malformed'
}
