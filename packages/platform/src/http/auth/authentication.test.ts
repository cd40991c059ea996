import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { createLogger } from '../../logger.ts'
import { parseConfig } from '../../config/options.ts'
import { createAuthentication } from './authentication.ts'
import { BEARER_TOKEN } from './bearer.ts'
import { AUTH_OPTIONS } from './options.ts'

type Settings = Record<string, string>

const NONE = { authMethod: 'none' }
const BASIC = { authMethod: 'basic', authBasicUser: 'alert', authBasicPass: 'p:äss wörd' }
const BEARER = { authMethod: 'bearer', authBearerToken: 'to-k.e_n~+/==' }

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

function givenMiddleware(settings: Settings) {
  const argv = Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
  const parsed = parseConfig(AUTH_OPTIONS, argv, {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  return createAuthentication(parsed.config, { files: parsed.files, log: createLogger('test', 'silent') }).middleware
}

const givenApp = (settings: Settings) =>
  new Hono().post('/', givenMiddleware(settings), async (c) => c.text(await c.req.text()))

function post(auth: Settings, authorization: string | undefined) {
  const headers = authorization === undefined ? {} : { Authorization: authorization }
  return givenApp(auth).request('/', { method: 'POST', body: 'body', headers })
}

describe('lets pass', () => {
  test.each<[what: string, auth: Settings, authorization: string | undefined]>([
    ['anybody when there is no method', NONE, undefined],
    ['any credentials when there is no method', NONE, 'Basic nonsense'],
    ['the right user and password', BASIC, basic('alert', 'p:äss wörd')],
    ['a scheme in other letters, basic', BASIC, basic('alert', 'p:äss wörd').replace('Basic', 'bAsIc')],
    ['the right token', BEARER, 'Bearer to-k.e_n~+/=='],
    ['a scheme in other letters, bearer', BEARER, 'bearer to-k.e_n~+/=='],
  ])('%s', async (_, auth, authorization) => {
    const response = await post(auth, authorization)
    expect([response.status, await response.text()]).toEqual([200, 'body'])
  })
})

describe.each<[method: string, auth: Settings, challenge: RegExp, wrong: Record<string, string | undefined>]>([
  [
    'basic',
    BASIC,
    /^Basic realm="opifer", charset="UTF-8"$/,
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
    /^Bearer realm="opifer"(, error="invalid_token")?$/,
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

test.each([BASIC, BEARER])('refuses before anything of the body is read: $authMethod', async (auth) => {
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
  const app = new Hono().get('/', givenMiddleware(NONE), () => {
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
