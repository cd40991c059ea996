import { timingSafeEqual } from 'node:crypto'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { createLogger } from '../../telemetry/logger.ts'
import { parseConfig } from '../../config/options.ts'
import { createAuthentication } from './authentication.ts'
import { BEARER_TOKEN } from './bearer.ts'
import { requireRole, type Role } from './caller.ts'
import { AUTH_OPTIONS } from './options.ts'

type Settings = Record<string, string>

const NONE = { authMethod: 'none' }
const BASIC = { authMethod: 'basic', authBasicUser: 'alert', authBasicPass: 'p:äss wörd' }
const BEARER = { authMethod: 'bearer', authBearerToken: 'to-k.e_n~+/==' }

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

function givenMiddleware(settings: Settings, isEqual = timingSafeEqual) {
  const argv = Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
  const parsed = parseConfig(AUTH_OPTIONS, argv, {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  const { config, files } = parsed
  return createAuthentication(config, { files, log: createLogger('test', 'silent'), isEqual }).middleware
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

const WITH_VIEWERS: Record<string, Settings> = {
  basic: { ...BASIC, authViewerUser: 'guest', authViewerPass: 'look' },
  bearer: { ...BEARER, authViewerToken: 'look' },
}

describe('who may do what', () => {
  test.each<[auth: Settings, authorization: string | undefined, name: string, role: Role]>([
    [NONE, undefined, 'anonymous', 'operator'],
    [BASIC, basic('alert', 'p:äss wörd'), 'alert', 'operator'],
    [WITH_VIEWERS['basic'] ?? {}, basic('alert', 'p:äss wörd'), 'alert', 'operator'],
    [WITH_VIEWERS['basic'] ?? {}, basic('guest', 'look'), 'guest', 'viewer'],
    [BEARER, 'Bearer to-k.e_n~+/==', 'operator', 'operator'],
    [WITH_VIEWERS['bearer'] ?? {}, 'Bearer look', 'viewer', 'viewer'],
  ])('%j with %s is %s, a %s', async (auth, authorization, name, role) => {
    const app = new Hono()
      .use(givenMiddleware(auth))
      .get('/look', requireRole('viewer'), (c) => c.json(c.get('caller')))
      .get('/act', requireRole('operator'), (c) => c.json(c.get('caller')))
    const headers = authorization === undefined ? {} : { Authorization: authorization }
    expect(await (await app.request('/look', { headers })).json()).toEqual({ name, role })
    expect((await app.request('/act', { headers })).status).toBe(role === 'operator' ? 200 : 403)
  })

  test('who may not is answered with a problem', async () => {
    const app = new Hono().post('/', givenMiddleware(WITH_VIEWERS['bearer'] ?? {}), requireRole('operator'), (c) =>
      c.text(''),
    )
    const response = await app.request('/', { method: 'POST', headers: { Authorization: 'Bearer look' } })
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    const detail = 'this needs the role operator, and viewer has the role viewer'
    expect(await response.json()).toMatchObject({ status: 403, detail })
  })

  test('users and passwords of two accounts do not mix', async () => {
    const mixed = [basic('guest', 'p:äss wörd'), basic('alert', 'look')]
    for (const authorization of mixed) expect((await post(WITH_VIEWERS['basic'] ?? {}, authorization)).status).toBe(401)
  })
})

describe('time tells nothing of a secret: whatever is sent, as much is compared, and digests only', () => {
  test.each<[method: string, sent: string[]]>([
    ['basic', [basic('alert', 'p:äss wörd'), basic('guest', 'look'), basic('', ''), basic('x'.repeat(999), 'y')]],
    ['bearer', ['Bearer to-k.e_n~+/==', 'Bearer look', 'Bearer x', `Bearer ${'x'.repeat(999)}`]],
  ])('%s', async (method, sent) => {
    const lengths: number[] = []
    const middleware = givenMiddleware(WITH_VIEWERS[method] ?? {}, (one, other) => {
      lengths.push(one.byteLength, other.byteLength)
      return timingSafeEqual(one, other)
    })
    const app = new Hono().get('/', middleware, (c) => c.text('ok'))
    const counts = new Set<number>()
    for (const authorization of sent) {
      lengths.length = 0
      await app.request('/', { headers: { Authorization: authorization } })
      counts.add(lengths.length)
      expect(new Set(lengths)).toEqual(new Set([32]))
    }
    expect(counts).toEqual(new Set([method === 'basic' ? 8 : 4]))
  })
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
