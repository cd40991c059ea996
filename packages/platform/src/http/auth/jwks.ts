import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose'
import { z } from 'zod'
import { watchFiles } from '../../config/watch-files.ts'
import type { VerifierDeps } from './caller.ts'

/** The keys that tokens are verified with. */
export interface Keys {
  /** Finds a token's key. Throws jose's errors if there is none, `KeysUnavailableError` if the key set can't be fetched. */
  find: JWTVerifyGetKey
  close(): Promise<void>
}

export class KeysUnavailableError extends Error {
  override name = 'KeysUnavailableError'
}

export interface KeysConfig {
  authJwtIssuer?: string | undefined
  authJwtJwksUrl?: string | undefined
  /** Contents of the file. */
  authJwtJwksFile?: string | undefined
  /** Milliseconds. */
  authJwtJwksCooldown: number
}

/** Keys from a file if one is configured, else from the issuer. */
export function openKeys(config: KeysConfig, deps: VerifierDeps): Keys {
  return config.authJwtJwksFile ? fileKeys(config.authJwtJwksFile, deps) : issuerKeys(config, deps)
}

function fileKeys(text: string, { files, log, intervalMs }: VerifierDeps): Keys {
  let find = localKeys(text)
  const watcher = watchFiles({
    files: { authJwtJwksFile: files['authJwtJwksFile'] ?? '' },
    texts: { authJwtJwksFile: text },
    use({ authJwtJwksFile }) {
      find = localKeys(authJwtJwksFile)
    },
    log,
    intervalMs,
  })
  return { find: (header, token) => find(header, token), close: () => watcher.close() }
}

function localKeys(text: string): JWTVerifyGetKey {
  const parsed = parseKeySet(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return createLocalJWKSet(parsed.keySet)
}

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>

/** After a failed fetch, how long to wait before the next. */
const RETRY_MS = 5_000
const TIMEOUT_MS = 5_000
const UNAVAILABLE = "the issuer's keys can't be fetched"
const COOLING_DOWN = "unknown signing key, and the issuer's keys were fetched only a moment ago"

/** Fetched at start, then every ten minutes, and for a token with an unknown key unless the cooldown is running. */
function issuerKeys(config: KeysConfig, { log, now }: VerifierDeps): Keys {
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
    log.warn({ err }, "could not fetch the issuer's keys")
  }

  /** Keys that were fetched before stay valid while the issuer is down. */
  const findKnown: JWTVerifyGetKey = async (header, token) => {
    const known = remote?.jwks()
    const key = known && (await createLocalJWKSet(known)(header, token).catch(() => undefined))
    if (!key) throw new KeysUnavailableError(UNAVAILABLE)
    return key
  }

  const find: JWTVerifyGetKey = async (header, token) => {
    if (now() < retryAt) return findKnown(header, token)
    const before = fetches
    try {
      return await (remote ?? (await opened()))(header, token)
    } catch (err) {
      // No fetch for this token: the cooldown is running, or a pending fetch may predate the key.
      if (err instanceof errors.JWKSNoMatchingKey && fetches === before) throw new KeysUnavailableError(COOLING_DOWN)
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

/** Calls made while one is pending share its result. */
function shared<Value>(call: () => Promise<Value>): () => Promise<Value> {
  let pending: Promise<Value> | undefined
  return () => {
    pending ??= call().finally(() => {
      pending = undefined
    })
    return pending
  }
}

function isAboutToken(error: unknown): boolean {
  return [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported].some(
    (kind) => error instanceof kind,
  )
}

const METADATA = z.object({ issuer: z.string(), jwks_uri: z.string() })

/** Asks the issuer for the URL of its keys (OpenID Connect Discovery 1.0, section 4). */
async function discoverKeysUrl(issuer: string, signal: AbortSignal): Promise<URL> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(url, { redirect: 'error', signal })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  const metadata = METADATA.parse(await response.json())
  // Section 4.3: the issuer in the metadata must be the one that was asked.
  if (metadata.issuer !== issuer) throw new Error(`the issuer in ${url} is not --authJwtIssuer`)
  if (!isSafeUrl(metadata.jwks_uri)) throw new Error(`jwks_uri in ${url} is not an https URL without credentials`)
  return new URL(metadata.jwks_uri)
}

/** Whether responses from this URL can't be tampered with in transit. Credentials would end up in error messages. */
export function isSafeUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url?.username || url?.password) return false
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname))
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** Schema for the text of a JSON Web Key Set (RFC 7517) with public keys only. */
export function optionalKeySet() {
  return z
    .string()
    .superRefine((text, context) => {
      const parsed = parseKeySet(text)
      if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.error })
    })
    .optional()
}

type KeySetParse = { ok: true; keySet: JSONWebKeySet } | { ok: false; error: string }

function parseKeySet(text: string): KeySetParse {
  const parsed = KEY_SET.safeParse(parseJson(text))
  if (!parsed.success) return { ok: false, error: 'not a JSON Web Key Set: {"keys": [{"kty": …}, …]}' }
  if (parsed.data.keys.some((key) => 'd' in key || 'k' in key)) {
    return { ok: false, error: 'contains private or symmetric keys; only public ones are allowed' }
  }
  return { ok: true, keySet: parsed.data }
}

const KEY_SET = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) })

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
