import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../config/options.ts'
import { AUTH_OPTIONS, EXPOSURE_OPTIONS } from './auth/options.ts'
import { hostGuard } from './host-guard.ts'

function ask(host: string, ...argv: string[]) {
  const parsed = parseConfig({ ...AUTH_OPTIONS, ...EXPOSURE_OPTIONS }, argv, {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  const app = new Hono().use(hostGuard(parsed.config)).get('/', (c) => c.text('ok'))
  return app.request(`http://${host}/`)
}

describe('unauthenticated', () => {
  test.each(['localhost', '127.0.0.1', '127.0.0.1:8082', 'localhost:1', '[::1]:8082'])(
    'unauthenticated, a request to %s is answered',
    async (host) => {
      expect((await ask(host)).status).toBe(200)
    },
  )

  test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io:8082', '10.0.0.1', '[::2]'])(
    'unauthenticated, a request to the foreign name %s is rejected',
    async (host) => {
      const response = await ask(host)
      expect(response.status).toBe(403)
      expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    },
  )
})

test.each(['--allowUnauthenticated=true', '--authMethod=basic', '--authMethod=jwt'])(
  '%s allows requests to any name',
  async (flag) => {
    expect((await ask('opifer.example', flag)).status).toBe(200)
  },
)

describe.each(['--allowUnauthenticated=true', '--allowUnauthenticated=false', '--authMethod=basic'])(
  '%s with --allowedHosts',
  (flag) => {
    const names = '--allowedHosts=localhost, Opifer.Example,[::1],bücher.example'

    test.each(['localhost:8082', 'opifer.example', 'OPIFER.example:80', '[::1]:8082', 'xn--bcher-kva.example'])(
      `${flag} with --allowedHosts answers a request to %s`,
      async (host) => {
        expect((await ask(host, flag, names)).status).toBe(200)
      },
    )

    test.each(['evil.example:8082', 'sub.opifer.example', 'opifer.example.evil.example', '127.0.0.1', '10.0.0.1'])(
      `${flag} with --allowedHosts rejects a request to %s`,
      async (host) => {
        expect((await ask(host, flag, names)).status).toBe(403)
      },
    )
  },
)
