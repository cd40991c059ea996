import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { localHost } from './local-host.ts'

const app = new Hono().use(localHost).get('/', (c) => c.text('ok'))

test.each(['localhost', '127.0.0.1', '127.0.0.1:8082', 'localhost:1', '[::1]:8082'])(
  'a request to %s is answered',
  async (host) => {
    expect((await app.request(`http://${host}/`)).status).toBe(200)
  },
)

test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.nip.io:8082', '10.0.0.1', '[::2]'])(
  'a request to %s, which leads here by the will of whoever owns that name, is refused',
  async (host) => {
    const response = await app.request(`http://${host}/`)
    expect(response.status).toBe(403)
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  },
)
