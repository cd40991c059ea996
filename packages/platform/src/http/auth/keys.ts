import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose'
import { followFiles } from '../../config/follow-files.ts'
import { discoverKeysUrl } from './discovery.ts'
import { parseKeySet } from './key-set.ts'
import type { AuthConfig } from './options.ts'
import type { VerifierDeps } from './verifier.ts'

/** The keys that an issuer signs with. */
export interface Keys {
  /** Finds the key of a token. Throws jose's errors when there is none, and `KeysUnavailableError` when nobody can tell. */
  find: JWTVerifyGetKey
  close(): Promise<void>
}

export class KeysUnavailableError extends Error {
  override name = 'KeysUnavailableError'
}

export function openKeys(config: AuthConfig, deps: VerifierDeps): Keys {
  return config.authJwtJwksFile ? keysOfFile(config.authJwtJwksFile, deps) : keysOfIssuer(config, deps)
}

function keysOfFile(text: string, { files, log, intervalMs }: VerifierDeps): Keys {
  let find = localKeys(text)
  const follower = followFiles({
    files: { authJwtJwksFile: files['authJwtJwksFile'] ?? '' },
    texts: { authJwtJwksFile: text },
    use({ authJwtJwksFile }) {
      find = localKeys(authJwtJwksFile)
    },
    log,
    intervalMs,
  })
  return { find: (header, token) => find(header, token), close: () => follower.close() }
}

function localKeys(text: string): JWTVerifyGetKey {
  const parsed = parseKeySet(text)
  if (!parsed.ok) throw new Error(parsed.fault)
  return createLocalJWKSet(parsed.keySet)
}

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>

/** How long after a fetch an unknown key does not lead to another: anybody can send tokens with unknown keys. */
const COOLDOWN_MS = 30_000
/** How long after a fetch that failed there is no other. */
const RETRY_MS = 5_000
const TIMEOUT_MS = 5_000

/** Fetched when first asked for, again every ten minutes, and when a token is signed with a key that is not known. */
function keysOfIssuer({ authJwtIssuer = '', authJwtJwksUrl }: AuthConfig, { log, now }: VerifierDeps): Keys {
  let remote: RemoteKeys | undefined
  let discovering: Promise<URL> | undefined
  let retryAt = 0

  async function open(): Promise<RemoteKeys> {
    if (remote) return remote
    discovering ??= authJwtJwksUrl
      ? Promise.resolve(new URL(authJwtJwksUrl))
      : discoverKeysUrl(authJwtIssuer, TIMEOUT_MS).finally(() => (discovering = undefined))
    const url = await discovering
    remote ??= createRemoteJWKSet(url, { cooldownDuration: COOLDOWN_MS, timeoutDuration: TIMEOUT_MS })
    return remote
  }

  /** An issuer that is away for a while does not take back the keys that it has shown. */
  const findKnown: JWTVerifyGetKey = async (header, token) => {
    const known = remote?.jwks()
    const key = known && (await createLocalJWKSet(known)(header, token).catch(() => undefined))
    if (!key) throw new KeysUnavailableError("the issuer's keys can not be fetched")
    return key
  }

  const find: JWTVerifyGetKey = async (header, token) => {
    if (now() < retryAt) return findKnown(header, token)
    try {
      return await (await open())(header, token)
    } catch (err) {
      if (isAboutToken(err)) throw err
      retryAt = now() + RETRY_MS
      log.warn({ err }, "the issuer's keys can not be fetched")
      return findKnown(header, token)
    }
  }
  return { find, close: async () => {} }
}

function isAboutToken(error: unknown): boolean {
  return [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported].some(
    (kind) => error instanceof kind,
  )
}
