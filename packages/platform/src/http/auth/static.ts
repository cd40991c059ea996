import { createHash } from 'node:crypto'
import { auth as readBasic } from 'hono/utils/basic-auth'
import { watchFiles } from '../../config/watch-files.ts'
import type { Caller, Verdict, Verifier, VerifierDeps } from './caller.ts'
import type { AuthConfig } from './options.ts'

/** The characters of a bearer token (RFC 6750, section 2.1). */
export const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]+=*$/

interface Account {
  caller: Caller
  user: Secret
  password: Secret
}

/** User and password (RFC 7617) of the operator and, if configured, of the viewer. */
export function basicVerifier(config: AuthConfig, deps: VerifierDeps): Verifier {
  const { authBasicUser, authBasicPass, authViewerUser, authViewerPass } = config
  const accounts: Account[] = [
    {
      caller: { name: authBasicUser ?? '', role: 'operator' },
      user: openSecret('authBasicUser', authBasicUser ?? '', deps),
      password: openSecret('authBasicPass', authBasicPass ?? '', deps),
    },
  ]
  if (authViewerUser && authViewerPass) {
    accounts.push({
      caller: { name: authViewerUser, role: 'viewer' },
      user: openSecret('authViewerUser', authViewerUser, deps),
      password: openSecret('authViewerPass', authViewerPass, deps),
    })
  }
  return {
    verify(request) {
      const sent = readBasic(request)
      if (!sent) return { kind: 'unauthenticated', challenge: BASIC_CHALLENGE, reason: 'no basic credentials' }
      // Compare everything, so that timing doesn't reveal which part was wrong.
      const matches = accounts.map(({ user, password }) =>
        [user.matches(sent.username), password.matches(sent.password)].every(Boolean),
      )
      const match = accounts[matches.indexOf(true)]
      if (!match) return { kind: 'unauthenticated', challenge: BASIC_CHALLENGE, reason: 'wrong user or password' }
      return { kind: 'caller', caller: match.caller }
    },
    async close() {
      await Promise.all(accounts.flatMap(({ user, password }) => [user.close(), password.close()]))
    },
  }
}

const BASIC_CHALLENGE = 'Basic realm="opifer", charset="UTF-8"'

/** A shared token (RFC 6750) of the operator and, if configured, of the viewer. */
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
      const sent = readBearer(request)
      if (sent === undefined) return noToken()
      // Compare with every token, so that timing doesn't reveal which one a guess resembles.
      const matches = accounts.map(({ token }) => token.matches(sent))
      const match = accounts[matches.indexOf(true)]
      return match ? { kind: 'caller', caller: match.caller } : wrongToken('wrong token')
    },
    async close() {
      await Promise.all(accounts.map(({ token }) => token.close()))
    },
  }
}

/** The bearer token of a request; undefined without a well-formed one. */
export function readBearer(request: Request): string | undefined {
  const [, token] = /^ *bearer +(\S+) *$/i.exec(request.headers.get('Authorization') ?? '') ?? []
  return token !== undefined && BEARER_TOKEN.test(token) ? token : undefined
}

/** A request without credentials gets a challenge without an error code (RFC 6750, section 3.1). */
export function noToken(): Verdict {
  return { kind: 'unauthenticated', challenge: 'Bearer realm="opifer"', reason: 'no bearer token' }
}

export function wrongToken(reason: string): Verdict {
  return { kind: 'unauthenticated', challenge: 'Bearer realm="opifer", error="invalid_token"', reason }
}

function checkToken(text: string): void {
  if (!BEARER_TOKEN.test(text)) throw new Error('contains characters not allowed in a bearer token (RFC 6750)')
}

/** A secret that callers must present. If it came from a file, changes to the file take effect. */
interface Secret {
  matches(sent: string): boolean
  close(): Promise<void>
}

/** `name` is the name of the setting. `check` throws if a new secret is unusable; its message must not quote the secret. */
function openSecret(
  name: string,
  text: string,
  { files, log, isEqual, intervalMs }: VerifierDeps,
  check: (text: string) => void = () => {},
): Secret {
  let expected = sha256(text)
  const path = files[name]
  const watcher =
    path !== undefined &&
    watchFiles({
      files: { [name]: path },
      texts: { [name]: text },
      use(texts) {
        const renewed = texts[name] ?? ''
        check(renewed)
        expected = sha256(renewed)
      },
      log,
      intervalMs,
    })
  return {
    // Digests have a fixed length, so timing reveals neither the length nor the content of the secret.
    matches: (sent) => isEqual(sha256(sent), expected),
    async close() {
      if (watcher) await watcher.close()
    },
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
