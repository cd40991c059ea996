import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'

/** A token issuer with OpenID Connect discovery. There is no sign-in: it signs any claims a test passes. */
export interface Issuer {
  readonly url: string
  readonly keysUrl: string
  /** Number of requests for the keys so far. */
  readonly fetches: () => number
  /** The current JSON Web Key Set. */
  keySet(): string
  /** A valid token. `claims` replace the defaults; `undefined` leaves one out. */
  sign(claims?: Record<string, unknown>): Promise<string>
  /** The same claims without a signature (`alg: none`). */
  unsigned(): string
  /** The same claims, signed with HS256 and the public key as the secret. */
  signedWithPublicKey(): Promise<string>
  /** Replaces the key. The old one leaves the key set. */
  rotate(): Promise<void>
  /** Reply 503 to everything, or stop doing so. */
  breakDown(isBroken: boolean): void
  stop(): Promise<void>
}

export interface IssuerOptions {
  /** `issuer` in its metadata (default its own URL). */
  claimedUrl?: string
  claimedKeysUrl?: string
}

export async function startIssuer({ claimedUrl, claimedKeysUrl }: IssuerOptions = {}): Promise<Issuer> {
  let key = await makeKey(1)
  let isBroken = false
  let fetches = 0
  const server = createServer((request, response) => {
    const responses: Record<string, () => unknown> = {
      '/.well-known/openid-configuration': () => ({ issuer: claimedUrl ?? url, jwks_uri: claimedKeysUrl ?? keysUrl }),
      '/keys': () => {
        fetches++
        return { keys: [key.jwk] }
      },
    }
    const body = isBroken ? undefined : responses[request.url ?? '']
    response.writeHead(body ? 200 : 503, { 'Content-Type': 'application/json', Connection: 'close' })
    response.end(JSON.stringify(body?.() ?? {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const keysUrl = `${url}/keys`
  const makeClaims = (claims: Record<string, unknown> = {}): JWTPayload => ({
    iss: url,
    aud: 'opifer',
    sub: 'alertmanager',
    roles: ['opifer-operator'],
    exp: Math.floor(Date.now() / 1_000) + 600,
    ...claims,
  })
  return {
    url,
    keysUrl,
    fetches: () => fetches,
    keySet: () => JSON.stringify({ keys: [key.jwk] }),
    sign: (claims) =>
      new SignJWT(makeClaims(claims)).setProtectedHeader({ alg: 'RS256', kid: key.kid }).sign(key.privateKey),
    unsigned: () => new UnsecuredJWT(makeClaims()).encode(),
    async signedWithPublicKey() {
      const secret = new TextEncoder().encode(await exportSPKI(key.publicKey))
      return new SignJWT(makeClaims()).setProtectedHeader({ alg: 'HS256', kid: key.kid }).sign(secret)
    },
    async rotate() {
      key = await makeKey(Number(key.kid) + 1)
    },
    breakDown(broken) {
      isBroken = broken
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function makeKey(number: number) {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const kid = String(number)
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }
  return { publicKey, privateKey, kid, jwk }
}
