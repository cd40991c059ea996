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

describe('without authentication', () => {
  test.each(['localhost', '127.0.0.1', '127.0.0.1:8082', 'localhost:1', '[::1]:8082'])(
    'a request to %s is answered',
    async (host) => {
      expect((await ask(host)).status).toBe(200)
    },
  )

  test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io:8082', '10.0.0.1', '[::2]'])(
    'a request to %s, which leads here by the will of whoever owns that name, is refused',
    async (host) => {
      const response = await ask(host)
      expect(response.status).toBe(403)
      expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    },
  )
})

test.each(['--allowUnauthenticated=true', '--authMethod=basic', '--authMethod=jwt'])(
  'with %s it may have any name',
  async (flag) => {
    expect((await ask('opifer.example', flag)).status).toBe(200)
  },
)

describe.each(['--allowUnauthenticated=true', '--allowUnauthenticated=false', '--authMethod=basic'])(
  'with %s and names that are allowed',
  (flag) => {
    const names = '--allowedHosts=localhost, Opifer.Example,[::1],bücher.example'

    test.each(['localhost:8082', 'opifer.example', 'OPIFER.example:80', '[::1]:8082', 'xn--bcher-kva.example'])(
      'a request to %s is answered',
      async (host) => {
        expect((await ask(host, flag, names)).status).toBe(200)
      },
    )

    test.each(['evil.example:8082', 'sub.opifer.example', 'opifer.example.evil.example', '127.0.0.1', '10.0.0.1'])(
      'a request to %s is refused',
      async (host) => {
        expect((await ask(host, flag, names)).status).toBe(403)
      },
    )
  },
)
