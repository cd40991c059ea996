import type { Config, Options } from '../../config/options.ts'
import { boolean, duration, listOf, oneOf, optionalHostNames, optionalString, string } from '../../config/values.ts'
import { optionalKeySet } from './jwks.ts'

/** Asymmetric signature algorithms only: a verifier never holds a key that it could sign with. */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ')

/** How callers authenticate. Flags that OpenFero has keep their names and configure the operator. */
export const AUTH_OPTIONS = {
  authMethod: {
    schema: oneOf(['none', 'basic', 'bearer', 'jwt'], 'none'),
    help: 'authentication method: none, basic, bearer, jwt (default none)',
  },
  authBasicUser: { schema: optionalString(), help: "basic: operator's username" },
  authBasicPass: { schema: optionalString(), secret: true, help: "basic: operator's password" },
  authViewerUser: { schema: optionalString(), help: 'basic: read-only username' },
  authViewerPass: { schema: optionalString(), secret: true, help: 'basic: read-only password' },
  authBearerToken: { schema: optionalString(), secret: true, help: "bearer: operator's token" },
  authViewerToken: { schema: optionalString(), secret: true, help: 'bearer: read-only token' },
  authJwtIssuer: { schema: optionalString(), help: 'jwt: issuer, exactly as in the iss claim' },
  authJwtAudience: { schema: optionalString(), help: 'jwt: audience required in the aud claim' },
  authJwtAlgorithms: {
    schema: listOf(ALGORITHMS, 'RS256,ES256'),
    help: `jwt: accepted signature algorithms, of ${ALGORITHMS.join(', ')} (default RS256,ES256)`,
  },
  authJwtJwksUrl: {
    schema: optionalString(),
    help: "jwt: URL of the issuer's keys (default from OIDC discovery, unless --authJwtJwksFile is set)",
  },
  authJwtJwksFile: {
    schema: optionalKeySet(),
    file: true,
    help: "jwt: file with the issuer's public keys, as a JSON Web Key Set",
  },
  authJwtJwksCooldown: {
    schema: duration('30s', 1_000),
    help: 'jwt: minimum time between key fetches caused by tokens with an unknown key (default 30s)',
  },
  authJwtClockTolerance: {
    schema: duration('30s', 0, 10 * 60_000),
    help: 'jwt: allowed clock skew (default 30s)',
  },
  authJwtRolesClaim: {
    schema: string('roles'),
    help: 'jwt: claim with the roles, or a path to it such as realm_access.roles (default roles)',
  },
  authJwtOperatorRole: {
    schema: string('opifer-operator'),
    help: 'jwt: role of operators (default opifer-operator)',
  },
  authJwtViewerRole: {
    schema: string('opifer-viewer'),
    help: 'jwt: role of viewers (default opifer-viewer)',
  },
} as const satisfies Options

export type AuthConfig = Config<typeof AUTH_OPTIONS>

/** For processes that serve data not meant for everyone. */
export const EXPOSURE_OPTIONS = {
  allowUnauthenticated: {
    schema: boolean(),
    help: '"true" allows unauthenticated access from other machines (default false)',
  },
  allowedHosts: {
    schema: optionalHostNames(),
    help: 'host names accepted in requests, without ports (default localhost if unauthenticated, else any)',
  },
} as const satisfies Options

export type ExposureConfig = Config<typeof EXPOSURE_OPTIONS>
