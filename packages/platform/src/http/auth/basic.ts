import { auth as readBasic } from 'hono/utils/basic-auth'
import type { Caller } from './caller.ts'
import type { AuthConfig } from './options.ts'
import { openSecret, type Secret } from './secret.ts'
import type { Verifier, VerifierDeps } from './verifier.ts'

interface Account {
  caller: Caller
  user: Secret
  password: Secret
}

/** User and password (RFC 7617): those of the operator, and of the viewer where there is one. */
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
      const given = readBasic(request)
      if (!given) return { kind: 'refused', challenge: CHALLENGE, reason: 'no basic credentials' }
      // All is compared whatever came before, so that time does not tell which part was wrong.
      const matches = accounts.map(({ user, password }) =>
        [user.matches(given.username), password.matches(given.password)].every(Boolean),
      )
      const match = accounts[matches.indexOf(true)]
      if (!match) return { kind: 'refused', challenge: CHALLENGE, reason: 'wrong user or password' }
      return { kind: 'caller', caller: match.caller }
    },
    async close() {
      await Promise.all(accounts.flatMap(({ user, password }) => [user.close(), password.close()]))
    },
  }
}

const CHALLENGE = 'Basic realm="opifer", charset="UTF-8"'
