import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose'
import { discoverKeysUrl } from './discovery.ts'
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

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>

/** How long after a fetch that failed there is no other. */
const RETRY_MS = 5_000
const TIMEOUT_MS = 5_000
const NOT_ASKED = "the token's key is not known, and the issuer was asked a moment ago"

/** Fetched at the start, every ten minutes, and outside the cooldown for a token whose key is not known. */
export function issuerKeys(config: AuthConfig, { log, now }: VerifierDeps): Keys {
  const { authJwtIssuer = '', authJwtJwksUrl } = config
  const stopping = new AbortController()
  let remote: RemoteKeys | undefined
  let retryAt = 0
  let fetches = 0

  async function open(): Promise<RemoteKeys> {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(TIMEOUT_MS)])
    const url = authJwtJwksUrl ? new URL(authJwtJwksUrl) : await discoverKeysUrl(authJwtIssuer, signal)
    return createRemoteJWKSet(url, {
      cooldownDuration: config.authJwtJwksCooldown,
      timeoutDuration: TIMEOUT_MS,
      [customFetch](address, init) {
        fetches++
        return fetch(address, { ...init, signal: AbortSignal.any([stopping.signal, init.signal]) })
      },
    })
  }

  const opened = shared(async () => (remote = await open()))

  function warn(err: unknown): void {
    if (stopping.signal.aborted) return
    retryAt = now() + RETRY_MS
    log.warn({ err }, "the issuer's keys can not be fetched")
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
    const before = fetches
    try {
      return await (remote ?? (await opened()))(header, token)
    } catch (err) {
      // In the cooldown the issuer is not asked, and what was under way already may be its answer from before this key.
      if (err instanceof errors.JWKSNoMatchingKey && fetches === before) throw new KeysUnavailableError(NOT_ASKED)
      if (isAboutToken(err)) throw err
      warn(err)
      return findKnown(header, token)
    }
  }

  const warmUp = opened()
    .then((keys) => keys.reload())
    .catch(warn)
  return {
    find,
    async close() {
      stopping.abort()
      await warmUp
    },
  }
}

/** Whoever asks while an answer is under way gets that one. */
function shared<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let underWay: Promise<Value> | undefined
  return () => {
    underWay ??= ask().finally(() => {
      underWay = undefined
    })
    return underWay
  }
}

function isAboutToken(error: unknown): boolean {
  return [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported].some(
    (kind) => error instanceof kind,
  )
}
