import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { sameOrigin } from './same-origin.ts'

const app = new Hono().use(sameOrigin).all('/runs', (c) => c.text('done'))

async function statusOf(method: string, headers: Record<string, string>): Promise<number> {
  return (await app.request('http://opifer:8080/runs', { method, headers })).status
}

test.each<[who: string, headers: Record<string, string>]>([
  ['a page of the same origin', { 'Sec-Fetch-Site': 'same-origin', Origin: 'http://opifer:8080' }],
  [
    'a page of the same origin behind a proxy that changes the host',
    { 'Sec-Fetch-Site': 'same-origin', Origin: 'https://a' },
  ],
  ['a user who typed the address', { 'Sec-Fetch-Site': 'none' }],
  ['a page of the same origin over plain http', { Origin: 'http://opifer:8080' }],
  ['a page of the same origin behind a proxy that terminates TLS', { Origin: 'https://opifer:8080' }],
  ['a program', {}],
  ['a program that sends a form', { 'Content-Type': 'application/x-www-form-urlencoded' }],
])('allows writes from %s', async (_, headers) => {
  for (const method of ['POST', 'DELETE']) expect(await statusOf(method, headers)).toBe(200)
})

test.each<[who: string, headers: Record<string, string>]>([
  ['a page of another site', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }],
  ['a page of a sibling domain', { 'Sec-Fetch-Site': 'same-site', Origin: 'http://other.opifer:8080' }],
  ['a page that lies about its origin', { 'Sec-Fetch-Site': 'cross-site', Origin: 'http://opifer:8080' }],
  ['a page of another site over plain http', { Origin: 'http://evil.example' }],
  ['a page of another port', { Origin: 'http://opifer:9090' }],
  ['a sandboxed page', { Origin: 'null' }],
  ['a request with an unknown Sec-Fetch-Site', { 'Sec-Fetch-Site': 'else' }],
])('allows only reads from %s', async (_, headers) => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) expect(await statusOf(method, headers)).toBe(403)
  for (const method of ['GET', 'OPTIONS']) expect(await statusOf(method, headers)).toBe(200)
})

test('a rejection is a problem', async () => {
  const response = await app.request('/runs', { method: 'POST', headers: { Origin: 'null' } })
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  expect(await response.json()).toMatchObject({ status: 403 })
})
