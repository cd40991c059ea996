import { writeFile } from 'node:fs/promises'
import { eventually, type Issuer, type IssuerOptions, mountSecret, startIssuer } from '@opifer/testkit'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../../config/options.ts'
import { recordedLog } from '../../testing/recorded-log.ts'
import { createAuthentication } from './authentication.ts'
import { AUTH_OPTIONS } from './options.ts'

async function givenIssuer(options?: IssuerOptions): Promise<Issuer> {
  const issuer = await startIssuer(options)
  onTestFinished(() => issuer.stop())
  return issuer
}

async function givenSecret(contents: Record<string, string>) {
  const secret = await mountSecret(contents)
  onTestFinished(() => secret.remove())
  return secret
}

function givenApp(issuer: Issuer, settings: Record<string, string> = {}) {
  const all = { authMethod: 'jwt', authJwtIssuer: issuer.url, authJwtAudience: 'opifer', ...settings }
  const argv = Object.entries(all).map(([name, value]) => `--${name}=${value}`)
  const parsed = parseConfig(AUTH_OPTIONS, argv, {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  const { log, lines, count } = recordedLog()
  let late = 0
  const now = () => Date.now() + late
  const auth = createAuthentication(parsed.config, { files: parsed.files, log, now, intervalMs: 5 })
  onTestFinished(() => auth.close())
  const app = new Hono().get('/', auth.middleware, (c) => c.json(c.get('caller')))
  return {
    lines,
    count,
    passTime(ms: number) {
      late += ms
    },
    async get(token: string) {
      const response = await app.request('/', { headers: { Authorization: `Bearer ${token}` } })
      const challenge = response.headers.get('WWW-Authenticate')
      return { status: response.status, challenge, body: (await response.json()) as Record<string, unknown> }
    },
  }
}

const seconds = () => Math.floor(Date.now() / 1_000)

test('a token that the issuer signed gives name and role', async () => {
  const issuer = await givenIssuer()
  const { get } = givenApp(issuer)
  expect(await get(await issuer.sign())).toMatchObject({
    status: 200,
    body: { name: 'alertmanager', role: 'operator' },
  })
  expect(await get(await issuer.sign({ sub: 'ada', roles: ['opifer-viewer'] }))).toMatchObject({
    body: { name: 'ada', role: 'viewer' },
  })
  expect(issuer.fetches()).toBe(1)
})

test('a token with neither role is forbidden, and told which claim would give one', async () => {
  const issuer = await givenIssuer()
  const { get } = givenApp(issuer)
  expect(await get(await issuer.sign({ roles: ['other'] }))).toMatchObject({
    status: 403,
    challenge: null,
    body: { detail: 'the claim roles has neither opifer-operator nor opifer-viewer' },
  })
})

test.each<[what: string, claims: Record<string, unknown>, detail: RegExp]>([
  ['that has expired', { exp: seconds() - 60 }, /the token has expired/],
  ['that never expires', { exp: undefined }, /the claim exp/],
  ['that is not valid yet', { nbf: seconds() + 60 }, /the claim nbf/],
  ['for somebody else', { aud: 'other' }, /the claim aud/],
  ['for nobody', { aud: undefined }, /the claim aud/],
  ['of another issuer', { iss: 'https://other' }, /the claim iss/],
  ['of no issuer', { iss: undefined }, /the claim iss/],
  ['of nobody', { sub: undefined }, /the claim sub/],
])('a token %s is refused', async (_, claims, detail) => {
  const issuer = await givenIssuer()
  const { get } = givenApp(issuer)
  const answer = await get(await issuer.sign(claims))
  expect(answer).toMatchObject({ status: 401, challenge: 'Bearer realm="opifer", error="invalid_token"' })
  expect(answer.body['detail']).toMatch(detail)
})

test('clocks may be apart by as much as is allowed', async () => {
  const issuer = await givenIssuer()
  const token = await issuer.sign({ exp: seconds() - 20 })
  expect((await givenApp(issuer).get(token)).status).toBe(200)
  expect((await givenApp(issuer, { authJwtClockTolerance: '5s' }).get(token)).status).toBe(401)
})

describe('a forged token is refused', () => {
  test.each<[how: string, forge: (issuer: Issuer) => Promise<string>]>([
    ['without a signature', async (issuer) => issuer.unsigned()],
    ['signed with the public key as a secret', (issuer) => issuer.signedWithPublicKey()],
    ['signed by another issuer', async (issuer) => (await givenIssuer()).sign({ iss: issuer.url })],
    ['with another signature', async (issuer) => (await issuer.sign()).replace(/[^.]+$/, 'c2lnbmF0dXJl')],
    [
      'with other claims',
      async (issuer) => {
        const [header, , signature] = (await issuer.sign()).split('.')
        return `${header}.${(await issuer.sign({ sub: 'root' })).split('.')[1]}.${signature}`
      },
    ],
    ['that is none', async () => 'a.b.c'],
  ])('%s', async (_, forge) => {
    const issuer = await givenIssuer()
    const { get } = givenApp(issuer)
    expect((await get(await forge(issuer))).status).toBe(401)
  })

  test('signed in a way that was not allowed', async () => {
    const issuer = await givenIssuer()
    const { get } = givenApp(issuer, { authJwtAlgorithms: 'ES256' })
    expect((await get(await issuer.sign())).status).toBe(401)
  })
})

describe('keys of the issuer', () => {
  test('are fetched anew for a key that is not known: what the issuer does not show then is refused', async () => {
    const issuer = await givenIssuer()
    const { get } = givenApp(issuer, { authJwtJwksUrl: issuer.keysUrl, authJwtJwksCooldown: '1s' })
    const old = await issuer.sign()
    expect((await get(old)).status).toBe(200)
    await issuer.rotate()
    const renewed = await issuer.sign()
    const answers: number[] = []
    await eventually(async () => {
      answers.push((await get(renewed)).status)
      expect(answers.at(-1)).toBe(200)
    })
    expect(answers).not.toContain(401)
    await eventually(async () => expect((await get(old)).status).toBe(401))
    expect(issuer.fetches()).toBe(3)
  })

  test('are not fetched for each token that somebody makes up: until they are, nobody can tell', async () => {
    const issuer = await givenIssuer()
    const { get, count } = givenApp(issuer, { authJwtJwksUrl: issuer.keysUrl })
    expect((await get(await issuer.sign())).status).toBe(200)
    await issuer.rotate()
    const token = await issuer.sign()
    for (let tries = 0; tries < 10; tries++) {
      expect(await get(token)).toMatchObject({
        status: 503,
        challenge: null,
        body: { detail: "the token's key is not known, and the issuer was asked a moment ago: send it again" },
      })
    }
    expect(issuer.fetches()).toBe(1)
    expect(count(/"level":[456]0/)).toBe(0)
  })

  test('that can not be fetched make the answer 503, so that Alertmanager sends the webhook again', async () => {
    const issuer = await givenIssuer()
    issuer.breakDown(true)
    const { get, count, passTime } = givenApp(issuer)
    const token = await issuer.sign()
    await eventually(() => expect(count(/keys can not be fetched/)).toBe(1))
    expect(await get(token)).toMatchObject({ status: 503, challenge: null })
    issuer.breakDown(false)
    passTime(6_000)
    expect((await get(token)).status).toBe(200)
  })

  test('that were fetched go on to work while the issuer is away', async () => {
    const issuer = await givenIssuer()
    const { get, count } = givenApp(issuer, { authJwtJwksCooldown: '1s' })
    const token = await issuer.sign()
    expect((await get(token)).status).toBe(200)
    issuer.breakDown(true)
    await issuer.rotate()
    const unknown = await issuer.sign()
    await eventually(async () => {
      expect((await get(unknown)).status).toBe(503)
      expect(count(/"level":40.*keys can not be fetched/)).toBe(1)
    })
    expect((await get(token)).status).toBe(200)
  })

  test.each<[what: string, options: IssuerOptions, detail: RegExp]>([
    ['of another issuer', { claimedUrl: 'https://other' }, /speaks for another issuer/],
    ['over plain http', { claimedKeysUrl: 'http://192.0.2.1/keys' }, /not behind https/],
  ])('%s are not believed', async (_, options, detail) => {
    const issuer = await givenIssuer(options)
    const { get, lines } = givenApp(issuer)
    expect((await get(await issuer.sign())).status).toBe(503)
    expect(lines.join()).toMatch(detail)
  })

  test('may stand in a file, which is followed', async () => {
    const issuer = await givenIssuer()
    const secret = await givenSecret({ keys: issuer.keySet() })
    const { get, count } = givenApp(issuer, { authJwtJwksFile: secret.path('keys') })
    const old = await issuer.sign()
    expect((await get(old)).status).toBe(200)
    await writeFile(secret.path('keys'), '{"keys": "none"}')
    await eventually(() => expect(count(/what they held before is kept/)).toBe(1))
    expect((await get(old)).status).toBe(200)

    await issuer.rotate()
    await secret.update({ keys: issuer.keySet() })
    const renewed = await issuer.sign()
    await eventually(async () => expect((await get(renewed)).status).toBe(200))
    expect((await get(old)).status).toBe(401)
    expect(issuer.fetches()).toBe(0)
  })
})

test('nothing of a token is logged', async () => {
  const issuer = await givenIssuer()
  const { get, lines } = givenApp(issuer)
  const tokens = await Promise.all([issuer.sign(), issuer.sign({ aud: 's3cret' }), issuer.signedWithPublicKey()])
  for (const token of tokens) await get(token)
  expect(lines.join()).toMatch(/the claim aud/)
  for (const part of tokens.flatMap((token) => token.split('.'))) expect(lines.join()).not.toContain(part)
  expect(lines.join()).not.toContain('s3cret')
})
