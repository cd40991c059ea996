import { BEARER_TOKEN } from './bearer.ts'
import { isSafeUrl } from './discovery.ts'
import type { AuthConfig } from './options.ts'

/** What is missing or wrong for the method of authentication that was chosen, all of it. */
export function authFaults(config: AuthConfig): string[] {
  switch (config.authMethod) {
    case 'none':
      return []
    case 'basic':
      return basicFaults(config)
    case 'bearer':
      return bearerFaults(config)
    case 'jwt':
      return jwtFaults(config)
  }
}

function basicFaults({ authBasicUser, authBasicPass, authViewerUser, authViewerPass }: AuthConfig): string[] {
  return [
    ...(authBasicUser ? userFaults('--authBasicUser', authBasicUser) : [needed('--authBasicUser', 'basic')]),
    ...(authBasicPass ? [] : [needed('--authBasicPass or --authBasicPassFile', 'basic')]),
    ...(authViewerUser ? userFaults('--authViewerUser', authViewerUser) : []),
    ...(authViewerUser && !authViewerPass
      ? ['--authViewerPass or --authViewerPassFile: needed for --authViewerUser']
      : []),
    ...(authViewerPass && !authViewerUser ? ['--authViewerUser: needed for --authViewerPass'] : []),
    ...(authBasicUser && authBasicUser === authViewerUser
      ? ['--authViewerUser: must be another user than --authBasicUser']
      : []),
  ]
}

function userFaults(flag: string, user: string): string[] {
  return user.includes(':') ? [`${flag}: can't hold a colon, where basic credentials end the user (RFC 7617)`] : []
}

function bearerFaults({ authBearerToken, authViewerToken }: AuthConfig): string[] {
  return [
    ...(authBearerToken
      ? tokenFaults('--authBearerToken', authBearerToken)
      : [needed('--authBearerToken or --authBearerTokenFile', 'bearer')]),
    ...(authViewerToken ? tokenFaults('--authViewerToken', authViewerToken) : []),
    ...(authBearerToken && authBearerToken === authViewerToken
      ? ['--authViewerToken: must be another token than --authBearerToken']
      : []),
  ]
}

function tokenFaults(flag: string, token: string): string[] {
  return BEARER_TOKEN.test(token) ? [] : [`${flag}: holds characters that no bearer token may hold (RFC 6750)`]
}

function jwtFaults(config: AuthConfig): string[] {
  const { authJwtIssuer, authJwtAudience, authJwtJwksUrl, authJwtJwksFile } = config
  const isDiscovered = !authJwtJwksUrl && !authJwtJwksFile
  return [
    ...(authJwtIssuer ? [] : [needed('--authJwtIssuer', 'jwt')]),
    ...(authJwtAudience ? [] : [needed('--authJwtAudience', 'jwt')]),
    ...(authJwtJwksUrl && authJwtJwksFile
      ? ['--authJwtJwksUrl and --authJwtJwksFile: only one of them can be where the keys are']
      : []),
    ...(authJwtJwksUrl && !isSafeUrl(authJwtJwksUrl) ? [`--authJwtJwksUrl: must be ${SAFE_URL}`] : []),
    ...(isDiscovered && authJwtIssuer && !isSafeUrl(authJwtIssuer)
      ? [`--authJwtIssuer: must be ${SAFE_URL} for its keys to be found; or give --authJwtJwksUrl or --authJwtJwksFile`]
      : []),
    ...(config.authJwtOperatorRole === config.authJwtViewerRole
      ? ['--authJwtViewerRole: must be another role than --authJwtOperatorRole']
      : []),
  ]
}

const SAFE_URL = 'an https URL without credentials (http only on this machine)'

function needed(flag: string, method: string): string {
  return `${flag}: needed for --authMethod=${method}`
}
