import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'

/** An issuer of tokens, found by OpenID Connect discovery. Nobody signs in to it: it signs what a test asks for. */
export interface Issuer {
  readonly url: string
  readonly keysUrl: string
  /** How often the keys have been asked for. */
  readonly fetches: () => number
  /** The JSON Web Key Set that it shows now. */
  keySet(): string
  /** A token as `makeClaims` has it, with other claims where they are given; `undefined` leaves a claim out. */
  sign(claims?: Record<string, unknown>): Promise<string>
  /** The same claims without a signature (`alg: none`). */
  unsigned(): string
  /** The same claims, signed with HS256 and the public key as the secret. */
  signedWithPublicKey(): Promise<string>
  /** Signs with a new key from now on, and shows only that one. */
  rotate(): Promise<void>
  /** Answers 503 from now on, until it is told otherwise. */
  breakDown(isBroken: boolean): void
  stop(): Promise<void>
}

export interface IssuerOptions {
  /** What it says that it is, when asked; its own URL when absent. */
  claimedUrl?: string
  claimedKeysUrl?: string
}

export async function startIssuer({ claimedUrl, claimedKeysUrl }: IssuerOptions = {}): Promise<Issuer> {
  let key = await makeKey(1)
  let isBroken = false
  let fetches = 0
  const server = createServer((request, response) => {
    const answers: Record<string, () => unknown> = {
      '/.well-known/openid-configuration': () => ({ issuer: claimedUrl ?? url, jwks_uri: claimedKeysUrl ?? keysUrl }),
      '/keys': () => {
        fetches++
        return { keys: [key.jwk] }
      },
    }
    const answer = isBroken ? undefined : answers[request.url ?? '']
    response.writeHead(answer ? 200 : 503, { 'Content-Type': 'application/json', Connection: 'close' })
    response.end(JSON.stringify(answer?.() ?? {}))
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
      new SignJWT(makeClaims(claims)).setProtectedHeader({ alg: 'RS256', kid: key.kid }).sign(key.secret),
    unsigned: () => new UnsecuredJWT(makeClaims()).encode(),
    async signedWithPublicKey() {
      const secret = new TextEncoder().encode(await exportSPKI(key.shown))
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
  const { publicKey: shown, privateKey: secret } = await generateKeyPair('RS256', { extractable: true })
  const kid = String(number)
  const jwk: JWK = { ...(await exportJWK(shown)), kid, alg: 'RS256', use: 'sig' }
  return { shown, secret, kid, jwk }
}
