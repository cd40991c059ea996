import { z } from 'zod'

const METADATA = z.object({ issuer: z.string(), jwks_uri: z.string() })

/** Asks an issuer where its keys are (OpenID Connect Discovery 1.0, section 4). */
export async function discoverKeysUrl(issuer: string, signal: AbortSignal): Promise<URL> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(url, { redirect: 'error', signal })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  const metadata = METADATA.parse(await response.json())
  // Section 4.3: whoever answers for another issuer is not believed.
  if (metadata.issuer !== issuer) throw new Error(`${url} speaks for another issuer than --authJwtIssuer`)
  if (!isSafeUrl(metadata.jwks_uri)) throw new Error(`${url} shows keys that are not behind https`)
  return new URL(metadata.jwks_uri)
}

/** Whether nobody on the way could change what it answers. Credentials in it would be shown when it can't be fetched. */
export function isSafeUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url?.username || url?.password) return false
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname))
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/
