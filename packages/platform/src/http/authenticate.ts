import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { basicAuth } from 'hono/basic-auth'
import { bearerAuth } from 'hono/bearer-auth'
import { HTTPException } from 'hono/http-exception'
import { problem } from './problem.ts'

/** How callers prove who they are: the ways that Alertmanager's `http_config` can send. */
export type Authentication =
  | { method: 'none' }
  | { method: 'basic'; user: string; password: string }
  | { method: 'bearer'; token: string }

/** What a bearer token may hold (RFC 6750, section 2.1): with anything else no request could ever match. */
export const BEARER_TOKEN = /^[A-Za-z0-9._~+/-]+=*$/

/** Lets a request pass or answers 401 with the challenge, before anything of its body is read. */
export function authenticate(auth: Authentication): MiddlewareHandler {
  const verify = verifier(auth)
  return async function authenticated(c, next) {
    try {
      await verify(c, async () => {})
    } catch (error) {
      if (!(error instanceof HTTPException)) throw error
      const challenge = error.getResponse().headers.get('WWW-Authenticate')
      if (challenge) c.header('WWW-Authenticate', challenge)
      return problem(c, 401, `send the right ${auth.method} credentials in the Authorization header`)
    }
    return next()
  }
}

function verifier(auth: Authentication): MiddlewareHandler {
  switch (auth.method) {
    case 'none':
      return async () => {}
    case 'basic': {
      const isUser = secretMatcher(auth.user)
      const isPassword = secretMatcher(auth.password)
      return basicAuth({
        realm: 'opifer',
        // Both are compared whatever the first one says, so that time tells nothing of which was wrong.
        verifyUser: (user, password) => [isUser(user), isPassword(password)].every(Boolean),
      })
    }
    case 'bearer':
      return bearerAuth({ realm: 'opifer', verifyToken: secretMatcher(auth.token) })
  }
}

/** Compares digests, which are of one length whatever was sent, in constant time. */
function secretMatcher(secret: string): (given: string) => boolean {
  const expected = sha256(secret)
  return (given) => timingSafeEqual(sha256(given), expected)
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
