import { timingSafeEqual } from 'node:crypto'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { createLogger } from '../../telemetry/logger.ts'
import { parseConfig } from '../../config/options.ts'
import { createAuthentication } from './authentication.ts'
import { requireRole, type Role } from './caller.ts'
import { AUTH_OPTIONS } from './options.ts'
import { BEARER_TOKEN } from './static.ts'

type Settings = Record<string, string>

const NONE = { authMethod: 'none' }
const BASIC = { authMethod: 'basic', authBasicUser: 'alert', authBasicPass: 'p:äss wörd' }
const BEARER = { authMethod: 'bearer', authBearerToken: 'to-k.e_n~+/==' }

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

function makeMiddleware(settings: Settings, isEqual = timingSafeEqual) {
  const argv = Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
  const parsed = parseConfig(AUTH_OPTIONS, argv, {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  const { config, files } = parsed
  return createAuthentication(config, { files, log: createLogger('test', 'silent'), isEqual }).middleware
}

const makeApp = (settings: Settings) =>
  new Hono().post('/', makeMiddleware(settings), async (c) => c.text(await c.req.text()))

function post(auth: Settings, authorization: string | undefined) {
  const headers = authorization === undefined ? {} : { Authorization: authorization }
  return makeApp(auth).request('/', { method: 'POST', body: 'body', headers })
}

test.each<[what: string, auth: Settings, authorization: string | undefined]>([
  ['anyone if the method is none', NONE, undefined],
  ['any credentials if the method is none', NONE, 'Basic nonsense'],
  ['the right user and password', BASIC, basic('alert', 'p:äss wörd')],
  ['the basic scheme in any case', BASIC, basic('alert', 'p:äss wörd').replace('Basic', 'bAsIc')],
  ['the right token', BEARER, 'Bearer to-k.e_n~+/=='],
  ['the bearer scheme in any case', BEARER, 'bearer to-k.e_n~+/=='],
])('admits %s', async (_, auth, authorization) => {
  const response = await post(auth, authorization)
  expect([response.status, await response.text()]).toEqual([200, 'body'])
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
      'user and password swapped': basic('p:äss wörd', 'alert'),
      'no colon': `Basic ${Buffer.from('alert').toString('base64')}`,
      'invalid base64': 'Basic $$$$',
      'invalid UTF-8': `Basic ${Buffer.from([0xff, 0x3a, 0xfe]).toString('base64')}`,
      'another scheme': 'Bearer alert',
      'a similar scheme': basic('alert', 'p:äss wörd').replace('Basic', 'Basics'),
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
      'a character not allowed in a token': 'Bearer to-k.e_n~+/==;',
      'no scheme': 'to-k.e_n~+/==',
      'another scheme': 'Basic to-k.e_n~+/==',
      'a similar scheme': 'Bearers to-k.e_n~+/==',
    },
  ],
])('%s', (method, auth, challenge, wrong) => {
  test.each(Object.entries(wrong))(`${method} authentication rejects %s`, async (_name, authorization) => {
    const response = await post(auth, authorization)
    expect(response.status).toBe(401)
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    expect(response.headers.get('WWW-Authenticate')).toMatch(challenge)
    expect(await response.json()).toMatchObject({ status: 401, title: 'Unauthorized' })
  })
})

test.each([BASIC, BEARER])('$authMethod authentication rejects a request before reading its body', async (auth) => {
  let wasRead = false
  const body = new ReadableStream(
    {
      pull() {
        wasRead = true
      },
    },
    { highWaterMark: 0 },
  )
  const response = await makeApp(auth).request('/', { method: 'POST', body, duplex: 'half' })
  expect(response.status).toBe(401)
  expect(wasRead).toBe(false)
})

test('an error in a later handler is not mistaken for wrong credentials', async () => {
  const app = new Hono().get('/', makeMiddleware(NONE), () => {
    throw new Error('later')
  })
  app.onError((error, c) => c.text(error.message, 500))
  expect(await (await app.request('/')).text()).toBe('later')
})

const WITH_VIEWERS: Record<string, Settings> = {
  basic: { ...BASIC, authViewerUser: 'guest', authViewerPass: 'look' },
  bearer: { ...BEARER, authViewerToken: 'look' },
}

describe('roles', () => {
  test.each<[auth: Settings, authorization: string | undefined, name: string, role: Role]>([
    [NONE, undefined, 'anonymous', 'operator'],
    [BASIC, basic('alert', 'p:äss wörd'), 'alert', 'operator'],
    [WITH_VIEWERS['basic'] ?? {}, basic('alert', 'p:äss wörd'), 'alert', 'operator'],
    [WITH_VIEWERS['basic'] ?? {}, basic('guest', 'look'), 'guest', 'viewer'],
    [BEARER, 'Bearer to-k.e_n~+/==', 'operator', 'operator'],
    [WITH_VIEWERS['bearer'] ?? {}, 'Bearer look', 'viewer', 'viewer'],
  ])('%j with credentials %s makes the caller %s with the role %s', async (auth, authorization, name, role) => {
    const app = new Hono()
      .use(makeMiddleware(auth))
      .get('/look', requireRole('viewer'), (c) => c.json(c.get('caller')))
      .get('/act', requireRole('operator'), (c) => c.json(c.get('caller')))
    const headers = authorization === undefined ? {} : { Authorization: authorization }
    expect(await (await app.request('/look', { headers })).json()).toEqual({ name, role })
    expect((await app.request('/act', { headers })).status).toBe(role === 'operator' ? 200 : 403)
  })

  test('answers 403 with a problem to a caller without the required role', async () => {
    const app = new Hono().post('/', makeMiddleware(WITH_VIEWERS['bearer'] ?? {}), requireRole('operator'), (c) =>
      c.text(''),
    )
    const response = await app.request('/', { method: 'POST', headers: { Authorization: 'Bearer look' } })
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    const detail = 'requires the role operator; viewer has the role viewer'
    expect(await response.json()).toMatchObject({ status: 403, detail })
  })

  test('rejects the user of one account with the password of another', async () => {
    const mixed = [basic('guest', 'p:äss wörd'), basic('alert', 'look')]
    for (const authorization of mixed) expect((await post(WITH_VIEWERS['basic'] ?? {}, authorization)).status).toBe(401)
  })
})

test.each<[method: string, sent: string[]]>([
  ['basic', [basic('alert', 'p:äss wörd'), basic('guest', 'look'), basic('', ''), basic('x'.repeat(999), 'y')]],
  ['bearer', ['Bearer to-k.e_n~+/==', 'Bearer look', 'Bearer x', `Bearer ${'x'.repeat(999)}`]],
])('%s authentication compares the same number of digests whatever is sent', async (method, sent) => {
  const lengths: number[] = []
  const middleware = makeMiddleware(WITH_VIEWERS[method] ?? {}, (one, other) => {
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

test.each([
  ['abc.DEF-123_~+/==', true],
  ['', false],
  ['two words', false],
  ['pässword', false],
  ['=', false],
  ['token\n', false],
])('%j is a valid bearer token: %s', (token, want) => {
  expect(BEARER_TOKEN.test(token)).toBe(want)
})
