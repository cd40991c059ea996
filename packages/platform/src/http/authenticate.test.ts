import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { type Authentication, authenticate, BEARER_TOKEN } from './authenticate.ts'

const BASIC: Authentication = { method: 'basic', user: 'alert', password: 'p:äss wörd' }
const BEARER: Authentication = { method: 'bearer', token: 'to-k.e_n~+/==' }

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

const givenApp = (auth: Authentication) =>
  new Hono().post('/', authenticate(auth), async (c) => c.text(await c.req.text()))

function post(auth: Authentication, authorization: string | undefined) {
  const headers = authorization === undefined ? {} : { Authorization: authorization }
  return givenApp(auth).request('/', { method: 'POST', body: 'body', headers })
}

describe('lets pass', () => {
  test.each<[what: string, auth: Authentication, authorization: string | undefined]>([
    ['anybody when there is no method', { method: 'none' }, undefined],
    ['any credentials when there is no method', { method: 'none' }, 'Basic nonsense'],
    ['the right user and password', BASIC, basic('alert', 'p:äss wörd')],
    ['a scheme in other letters, basic', BASIC, basic('alert', 'p:äss wörd').replace('Basic', 'bAsIc')],
    ['the right token', BEARER, 'Bearer to-k.e_n~+/=='],
    ['a scheme in other letters, bearer', BEARER, 'bearer to-k.e_n~+/=='],
  ])('%s', async (_, auth, authorization) => {
    const response = await post(auth, authorization)
    expect([response.status, await response.text()]).toEqual([200, 'body'])
  })
})

describe.each<[method: string, auth: Authentication, challenge: RegExp, wrong: Record<string, string | undefined>]>([
  [
    'basic',
    BASIC,
    /^Basic realm="opifer"$/,
    {
      'no credentials': undefined,
      'empty credentials': '',
      'only the scheme': 'Basic',
      'a wrong user': basic('other', 'p:äss wörd'),
      'a wrong password': basic('alert', 'other'),
      'a part of the password': basic('alert', 'p'),
      'a longer password': basic('alert', 'p:äss wörd2'),
      'an empty user': basic('', 'p:äss wörd'),
      'an empty password': basic('alert', ''),
      'user and password changed over': basic('p:äss wörd', 'alert'),
      'no colon': `Basic ${Buffer.from('alert').toString('base64')}`,
      'what is no base64': 'Basic $$$$',
      'what is no UTF-8': `Basic ${Buffer.from([0xff, 0x3a, 0xfe]).toString('base64')}`,
      'another scheme': 'Bearer alert',
      'a scheme alike': basic('alert', 'p:äss wörd').replace('Basic', 'Basics'),
    },
  ],
  [
    'bearer',
    BEARER,
    /^Bearer (realm|error)="/,
    {
      'no credentials': undefined,
      'empty credentials': '',
      'only the scheme': 'Bearer',
      'only the scheme and a space': 'Bearer ',
      'a wrong token': 'Bearer other',
      'a part of the token': 'Bearer to-k.e_n~+/',
      'a longer token': 'Bearer 2to-k.e_n~+/==',
      'two tokens': 'Bearer to-k.e_n~+/== to-k.e_n~+/==',
      'another character': 'Bearer to-k.e_n~+/==;',
      'no scheme': 'to-k.e_n~+/==',
      'another scheme': 'Basic to-k.e_n~+/==',
      'a scheme alike': 'Bearers to-k.e_n~+/==',
    },
  ],
])('%s authentication refuses', (_, auth, challenge, wrong) => {
  test.each(Object.entries(wrong))('%s', async (_name, authorization) => {
    const response = await post(auth, authorization)
    expect(response.status).toBe(401)
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    expect(response.headers.get('WWW-Authenticate')).toMatch(challenge)
    expect(await response.json()).toMatchObject({ status: 401, title: 'Unauthorized' })
  })
})

test.each([BASIC, BEARER])('refuses before anything of the body is read: $method', async (auth) => {
  let wasAsked = false
  const body = new ReadableStream(
    {
      pull() {
        wasAsked = true
      },
    },
    { highWaterMark: 0 },
  )
  const response = await givenApp(auth).request('/', { method: 'POST', body, duplex: 'half' })
  expect(response.status).toBe(401)
  expect(wasAsked).toBe(false)
})

test('what goes wrong behind it is not taken for wrong credentials', async () => {
  const app = new Hono().get('/', authenticate({ method: 'none' }), () => {
    throw new Error('later')
  })
  app.onError((error, c) => c.text(error.message, 500))
  expect(await (await app.request('/')).text()).toBe('later')
})

test.each([
  ['abc.DEF-123_~+/==', true],
  ['', false],
  ['two words', false],
  ['pässword', false],
  ['=', false],
  ['token\n', false],
])('%j as a bearer token: %s', (token, want) => {
  expect(BEARER_TOKEN.test(token)).toBe(want)
})
