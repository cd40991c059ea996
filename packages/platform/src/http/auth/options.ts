import type { Config, Options } from '../../config/options.ts'
import { consent, duration, listOf, oneOf, optionalHostNames, optionalText, plainText } from '../../config/values.ts'
import { optionalKeySet } from './key-set.ts'

/** The algorithms that a token may be signed with: with a key of which its verifiers hold the public half only. */
const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ')

/** How callers prove who they are. Names of flags that OpenFero has are OpenFero's, and stand for the operator. */
export const AUTH_OPTIONS = {
  authMethod: {
    schema: oneOf(['none', 'basic', 'bearer', 'jwt'], 'none'),
    help: 'how callers are authenticated: none, basic, bearer, jwt (default none)',
  },
  authBasicUser: { schema: optionalText(), help: "basic: the operator's user" },
  authBasicPass: { schema: optionalText(), secret: true, help: "basic: the operator's password" },
  authViewerUser: { schema: optionalText(), help: 'basic: user of those who may look and not act' },
  authViewerPass: { schema: optionalText(), secret: true, help: 'basic: password of those who may look and not act' },
  authBearerToken: { schema: optionalText(), secret: true, help: "bearer: the operator's token" },
  authViewerToken: { schema: optionalText(), secret: true, help: 'bearer: token of those who may look and not act' },
  authJwtIssuer: { schema: optionalText(), help: 'jwt: the issuer, exactly as in the claim iss' },
  authJwtAudience: { schema: optionalText(), help: 'jwt: what the claim aud must hold' },
  authJwtAlgorithms: {
    schema: listOf(ALGORITHMS, 'RS256,ES256'),
    help: `jwt: how a token may be signed, of ${ALGORITHMS.join(', ')} (default RS256,ES256)`,
  },
  authJwtJwksUrl: {
    schema: optionalText(),
    help: "jwt: where the issuer's keys are; without it and without a file they are found by OIDC discovery",
  },
  authJwtJwksFile: {
    schema: optionalKeySet(),
    file: true,
    help: "jwt: file with the issuer's keys, a JSON Web Key Set",
  },
  authJwtJwksCooldown: {
    schema: duration('30s', 1_000),
    help: 'jwt: how often at most a key that is not known has the keys fetched anew (default 30s)',
  },
  authJwtClockTolerance: {
    schema: duration('30s', 0, 10 * 60_000),
    help: 'jwt: how far clocks may be apart (default 30s)',
  },
  authJwtRolesClaim: {
    schema: plainText('roles'),
    help: 'jwt: claim with the roles, or a path to it such as realm_access.roles (default roles)',
  },
  authJwtOperatorRole: {
    schema: plainText('opifer-operator'),
    help: 'jwt: who has this role is an operator (default opifer-operator)',
  },
  authJwtViewerRole: {
    schema: plainText('opifer-viewer'),
    help: 'jwt: who has this role is a viewer (default opifer-viewer)',
  },
} as const satisfies Options

export type AuthConfig = Config<typeof AUTH_OPTIONS>

/** For processes that show what not everybody should see. */
export const EXPOSURE_OPTIONS = {
  allowUnauthenticated: {
    schema: consent(),
    help: '"true" lets everybody in who reaches the address, also without authentication (default false)',
  },
  allowedHosts: {
    schema: optionalHostNames(),
    help: "names by which it may be reached, without ports (default this machine's own without authentication, else any)",
  },
} as const satisfies Options

export type ExposureConfig = Config<typeof EXPOSURE_OPTIONS>
