import type { Address } from '../../config/values.ts'
import { isSafeUrl } from './jwks.ts'
import type { AuthConfig } from './options.ts'
import { BEARER_TOKEN } from './static.ts'

/** All settings that are missing or wrong for the chosen authentication method. */
export function authErrors(config: AuthConfig): string[] {
  switch (config.authMethod) {
    case 'none':
      return []
    case 'basic':
      return basicErrors(config)
    case 'bearer':
      return bearerErrors(config)
    case 'jwt':
      return jwtErrors(config)
  }
}

/** Why it would be unsafe to listen there: anyone who can reach the address would get in. */
export function exposureError(
  addr: Address,
  authMethod: AuthConfig['authMethod'],
  allowUnauthenticated: boolean,
): string | undefined {
  if (authMethod !== 'none' || allowUnauthenticated || isLoopback(addr.host)) return undefined
  const where = addr.host === '' ? 'all addresses of this machine' : addr.host
  return (
    `--addr: listening on ${where} without authentication; ` +
    'set --authMethod, listen on 127.0.0.1, or allow it with --allowUnauthenticated=true'
  )
}

function basicErrors({ authBasicUser, authBasicPass, authViewerUser, authViewerPass }: AuthConfig): string[] {
  return [
    ...(authBasicUser ? userErrors('--authBasicUser', authBasicUser) : [required('--authBasicUser', 'basic')]),
    ...(authBasicPass ? [] : [required('--authBasicPass or --authBasicPassFile', 'basic')]),
    ...(authViewerUser ? userErrors('--authViewerUser', authViewerUser) : []),
    ...(authViewerUser && !authViewerPass
      ? ['--authViewerPass or --authViewerPassFile: required with --authViewerUser']
      : []),
    ...(authViewerPass && !authViewerUser ? ['--authViewerUser: required with --authViewerPass'] : []),
    ...(authBasicUser && authBasicUser === authViewerUser
      ? ['--authViewerUser: must differ from --authBasicUser']
      : []),
  ]
}

function userErrors(flag: string, user: string): string[] {
  return user.includes(':') ? [`${flag}: must not contain a colon, which ends the username (RFC 7617)`] : []
}

function bearerErrors({ authBearerToken, authViewerToken }: AuthConfig): string[] {
  return [
    ...(authBearerToken
      ? tokenErrors('--authBearerToken', authBearerToken)
      : [required('--authBearerToken or --authBearerTokenFile', 'bearer')]),
    ...(authViewerToken ? tokenErrors('--authViewerToken', authViewerToken) : []),
    ...(authBearerToken && authBearerToken === authViewerToken
      ? ['--authViewerToken: must differ from --authBearerToken']
      : []),
  ]
}

function tokenErrors(flag: string, token: string): string[] {
  return BEARER_TOKEN.test(token) ? [] : [`${flag}: contains characters not allowed in a bearer token (RFC 6750)`]
}

function jwtErrors(config: AuthConfig): string[] {
  const { authJwtIssuer, authJwtAudience, authJwtJwksUrl, authJwtJwksFile } = config
  const isDiscovered = !authJwtJwksUrl && !authJwtJwksFile
  return [
    ...(authJwtIssuer ? [] : [required('--authJwtIssuer', 'jwt')]),
    ...(authJwtAudience ? [] : [required('--authJwtAudience', 'jwt')]),
    ...(authJwtJwksUrl && authJwtJwksFile ? ['--authJwtJwksUrl and --authJwtJwksFile: set only one of them'] : []),
    ...(authJwtJwksUrl && !isSafeUrl(authJwtJwksUrl) ? [`--authJwtJwksUrl: must be ${SAFE_URL}`] : []),
    ...(isDiscovered && authJwtIssuer && !isSafeUrl(authJwtIssuer)
      ? [`--authJwtIssuer: must be ${SAFE_URL} for key discovery; or set --authJwtJwksUrl or --authJwtJwksFile`]
      : []),
    ...(config.authJwtOperatorRole === config.authJwtViewerRole
      ? ['--authJwtViewerRole: must differ from --authJwtOperatorRole']
      : []),
  ]
}

const SAFE_URL = 'an https URL without credentials (http only for localhost)'

function required(flag: string, method: string): string {
  return `${flag}: required with --authMethod=${method}`
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
