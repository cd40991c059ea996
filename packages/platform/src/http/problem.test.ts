import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { problem } from './problem.ts'

test('a problem has the shape of RFC 9457', async () => {
  const app = new Hono().get('/', (c) => problem(c, 503, 'Redis is not connected; try again'))
  const response = await app.request('/')
  expect(response.status).toBe(503)
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  expect(await response.json()).toEqual({
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: 'Redis is not connected; try again',
  })
})

test('a problem can have more members and keeps headers set before', async () => {
  const app = new Hono().get('/', (c) => {
    c.header('Allow', 'POST')
    return problem(c, 405, 'post it', { see: '/docs' })
  })
  const response = await app.request('/')
  expect(response.headers.get('Allow')).toBe('POST')
  expect(await response.json()).toMatchObject({ status: 405, see: '/docs' })
})
