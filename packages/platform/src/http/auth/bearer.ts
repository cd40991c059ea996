import type { Caller } from './caller.ts'
import type { AuthConfig } from './options.ts'
import { openSecret, type Secret } from './secret.ts'
import type { Verdict, Verifier, VerifierDeps } from './verifier.ts'

/** What a bearer token may hold (RFC 6750, section 2.1): with anything else no request could ever match. */
export const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]+=*$/

/** A token that is known on both sides: that of the operator, and of the viewer where there is one. */
export function bearerVerifier({ authBearerToken, authViewerToken }: AuthConfig, deps: VerifierDeps): Verifier {
  const open = (name: string, text: string) => openSecret(name, text, deps, checkToken)
  const accounts: { caller: Caller; token: Secret }[] = [
    { caller: { name: 'operator', role: 'operator' }, token: open('authBearerToken', authBearerToken ?? '') },
  ]
  if (authViewerToken) {
    accounts.push({ caller: { name: 'viewer', role: 'viewer' }, token: open('authViewerToken', authViewerToken) })
  }
  return {
    verify(request) {
      const given = readBearer(request)
      if (given === undefined) return noToken()
      // All are compared, so that time does not tell whose token a wrong one is like.
      const matches = accounts.map(({ token }) => token.matches(given))
      const match = accounts[matches.indexOf(true)]
      return match ? { kind: 'caller', caller: match.caller } : wrongToken('wrong token')
    },
    async close() {
      await Promise.all(accounts.map(({ token }) => token.close()))
    },
  }
}

/** The token that a request brings. */
export function readBearer(request: Request): string | undefined {
  const [, token] = /^ *bearer +(\S+) *$/i.exec(request.headers.get('Authorization') ?? '') ?? []
  return token !== undefined && BEARER_TOKEN.test(token) ? token : undefined
}

/** RFC 6750, section 3.1: a request without credentials is told no error. */
export function noToken(): Verdict {
  return { kind: 'refused', challenge: 'Bearer realm="opifer"', reason: 'no bearer token' }
}

export function wrongToken(reason: string): Verdict {
  return { kind: 'refused', challenge: 'Bearer realm="opifer", error="invalid_token"', reason }
}

function checkToken(text: string): void {
  if (!BEARER_TOKEN.test(text)) throw new Error('it holds characters that no bearer token may hold (RFC 6750)')
}
