import { writeFile } from 'node:fs/promises'
import { type Issuer, type IssuerOptions, mountSecret, PATIENCE, startIssuer } from '@opifer/testkit'
import { Hono } from 'hono'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { parseConfig } from '../../config/options.ts'
import { recordedLog } from '../../testing/recorded-log.ts'
import { createAuthentication } from './authentication.ts'
import { roleOf } from './jwt.ts'
import { AUTH_OPTIONS } from './options.ts'

async function makeIssuer(options?: IssuerOptions): Promise<Issuer> {
  const issuer = await startIssuer(options)
  onTestFinished(() => issuer.stop())
  return issuer
}

async function makeSecret(contents: Record<string, string>) {
  const secret = await mountSecret(contents)
  onTestFinished(() => secret.remove())
  return secret
}

function makeApp(issuer: Issuer, settings: Record<string, string> = {}) {
  const all = { authMethod: 'jwt', authJwtIssuer: issuer.url, authJwtAudience: 'opifer', ...settings }
  const argv = Object.entries(all).map(([name, value]) => `--${name}=${value}`)
  const parsed = parseConfig(AUTH_OPTIONS, argv, {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  const { log, lines, count } = recordedLog()
  let offset = 0
  const now = () => Date.now() + offset
  const auth = createAuthentication(parsed.config, { files: parsed.files, log, now, intervalMs: 5 })
  onTestFinished(() => auth.close())
  const app = new Hono().get('/', auth.middleware, (c) => c.json(c.get('caller')))
  return {
    lines,
    count,
    passTime(ms: number) {
      offset += ms
    },
    async get(token: string) {
      const response = await app.request('/', { headers: { Authorization: `Bearer ${token}` } })
      const challenge = response.headers.get('WWW-Authenticate')
      return { status: response.status, challenge, body: (await response.json()) as Record<string, unknown> }
    },
  }
}

const seconds = () => Math.floor(Date.now() / 1_000)

test('reads name and role from a token signed by the issuer', async () => {
  const issuer = await makeIssuer()
  const { get } = makeApp(issuer)
  expect(await get(await issuer.sign())).toMatchObject({
    status: 200,
    body: { name: 'alertmanager', role: 'operator' },
  })
  expect(await get(await issuer.sign({ sub: 'ada', roles: ['opifer-viewer'] }))).toMatchObject({
    body: { name: 'ada', role: 'viewer' },
  })
  expect(issuer.fetches()).toBe(1)
})

test('answers 403 to a token without a role, naming the claim', async () => {
  const issuer = await makeIssuer()
  const { get } = makeApp(issuer)
  expect(await get(await issuer.sign({ roles: ['other'] }))).toMatchObject({
    status: 403,
    challenge: null,
    body: { detail: 'claim roles contains neither opifer-operator nor opifer-viewer' },
  })
})

test.each<[what: string, claims: Record<string, unknown>, detail: RegExp]>([
  ['that has expired', { exp: seconds() - 60 }, /token expired/],
  ['that never expires', { exp: undefined }, /claim exp/],
  ['that is not valid yet', { nbf: seconds() + 60 }, /claim nbf/],
  ['for another audience', { aud: 'other' }, /claim aud/],
  ['without an audience', { aud: undefined }, /claim aud/],
  ['of another issuer', { iss: 'https://other' }, /claim iss/],
  ['without an issuer', { iss: undefined }, /claim iss/],
  ['without a subject', { sub: undefined }, /claim sub/],
])('rejects a token %s', async (_, claims, detail) => {
  const issuer = await makeIssuer()
  const { get } = makeApp(issuer)
  const answer = await get(await issuer.sign(claims))
  expect(answer).toMatchObject({ status: 401, challenge: 'Bearer realm="opifer", error="invalid_token"' })
  expect(answer.body['detail']).toMatch(detail)
})

test('tolerates clock skew up to the configured limit', async () => {
  const issuer = await makeIssuer()
  const token = await issuer.sign({ exp: seconds() - 20 })
  expect((await makeApp(issuer).get(token)).status).toBe(200)
  expect((await makeApp(issuer, { authJwtClockTolerance: '5s' }).get(token)).status).toBe(401)
})

describe('forged tokens', () => {
  test.each<[how: string, forge: (issuer: Issuer) => Promise<string>]>([
    ['without a signature', async (issuer) => issuer.unsigned()],
    ['signed with the public key as a secret', (issuer) => issuer.signedWithPublicKey()],
    ['signed by another issuer', async (issuer) => (await makeIssuer()).sign({ iss: issuer.url })],
    ['with another signature', async (issuer) => (await issuer.sign()).replace(/[^.]+$/, 'c2lnbmF0dXJl')],
    [
      'with other claims',
      async (issuer) => {
        const [header, , signature] = (await issuer.sign()).split('.')
        return `${header}.${(await issuer.sign({ sub: 'root' })).split('.')[1]}.${signature}`
      },
    ],
    ['with nothing decodable', async () => 'a.b.c'],
  ])('rejects a forged token %s', async (_, forge) => {
    const issuer = await makeIssuer()
    const { get } = makeApp(issuer)
    expect((await get(await forge(issuer))).status).toBe(401)
  })

  test('rejects a token signed with an algorithm that is not allowed', async () => {
    const issuer = await makeIssuer()
    const { get } = makeApp(issuer, { authJwtAlgorithms: 'ES256' })
    expect((await get(await issuer.sign())).status).toBe(401)
  })
})

describe('keys', () => {
  test('fetches the keys again for an unknown key, then rejects tokens signed with a removed one', async () => {
    const issuer = await makeIssuer()
    const { get } = makeApp(issuer, { authJwtJwksUrl: issuer.keysUrl, authJwtJwksCooldown: '1s' })
    const old = await issuer.sign()
    expect((await get(old)).status).toBe(200)
    await issuer.rotate()
    const renewed = await issuer.sign()
    const answers: number[] = []
    await vi.waitFor(async () => {
      answers.push((await get(renewed)).status)
      expect(answers.at(-1)).toBe(200)
    }, PATIENCE)
    expect(answers).not.toContain(401)
    await expect.poll(async () => (await get(old)).status).toBe(401)
    expect(issuer.fetches()).toBe(3)
  })

  test('answers 503 for an unknown key during the cooldown, without fetching the keys again', async () => {
    const issuer = await makeIssuer()
    const { get, count } = makeApp(issuer, { authJwtJwksUrl: issuer.keysUrl })
    expect((await get(await issuer.sign())).status).toBe(200)
    await issuer.rotate()
    const token = await issuer.sign()
    for (let tries = 0; tries < 10; tries++) {
      expect(await get(token)).toMatchObject({
        status: 503,
        challenge: null,
        body: { detail: "unknown signing key, and the issuer's keys were fetched only a moment ago; try again" },
      })
    }
    expect(issuer.fetches()).toBe(1)
    expect(count(/"level":[456]0/)).toBe(0)
  })

  test('answers 503 while the keys can not be fetched, so that Alertmanager retries', async () => {
    const issuer = await makeIssuer()
    issuer.breakDown(true)
    const { get, count, passTime } = makeApp(issuer)
    const token = await issuer.sign()
    await expect.poll(() => count(/could not fetch the issuer's keys/)).toBe(1)
    expect(await get(token)).toMatchObject({ status: 503, challenge: null })
    issuer.breakDown(false)
    passTime(6_000)
    expect((await get(token)).status).toBe(200)
  })

  test('verifies tokens with the keys fetched before while the issuer is down', async () => {
    const issuer = await makeIssuer()
    const { get, count } = makeApp(issuer, { authJwtJwksCooldown: '1s' })
    const token = await issuer.sign()
    expect((await get(token)).status).toBe(200)
    issuer.breakDown(true)
    await issuer.rotate()
    const unknown = await issuer.sign()
    await vi.waitFor(async () => {
      expect((await get(unknown)).status).toBe(503)
      expect(count(/"level":40.*could not fetch the issuer's keys/)).toBe(1)
    }, PATIENCE)
    expect((await get(token)).status).toBe(200)
  })

  test.each<[what: string, options: IssuerOptions, detail: RegExp]>([
    ['of another issuer', { claimedUrl: 'https://other' }, /is not --authJwtIssuer/],
    ['over plain http', { claimedKeysUrl: 'http://192.0.2.1/keys' }, /is not an https URL/],
  ])('does not trust key metadata %s', async (_, options, detail) => {
    const issuer = await makeIssuer(options)
    const { get, lines } = makeApp(issuer)
    expect((await get(await issuer.sign())).status).toBe(503)
    expect(lines.join()).toMatch(detail)
  })

  test('reads the keys from a file and reloads it', async () => {
    const issuer = await makeIssuer()
    const secret = await makeSecret({ keys: issuer.keySet() })
    const { get, count } = makeApp(issuer, { authJwtJwksFile: secret.path('keys') })
    const old = await issuer.sign()
    expect((await get(old)).status).toBe(200)
    await writeFile(secret.path('keys'), '{"keys": "none"}')
    await expect.poll(() => count(/keeping previous contents/)).toBe(1)
    expect((await get(old)).status).toBe(200)

    await issuer.rotate()
    await secret.update({ keys: issuer.keySet() })
    const renewed = await issuer.sign()
    await expect.poll(async () => (await get(renewed)).status).toBe(200)
    expect((await get(old)).status).toBe(401)
    expect(issuer.fetches()).toBe(0)
  })
})

test('logs no part of a token', async () => {
  const issuer = await makeIssuer()
  const { get, lines } = makeApp(issuer)
  const tokens = await Promise.all([issuer.sign(), issuer.sign({ aud: 's3cret' }), issuer.signedWithPublicKey()])
  for (const token of tokens) await get(token)
  expect(lines.join()).toMatch(/claim aud/)
  for (const part of tokens.flatMap((token) => token.split('.'))) expect(lines.join()).not.toContain(part)
  expect(lines.join()).not.toContain('s3cret')
})

test.each<[claims: object, claim: string, want: string | undefined]>([
  [{ roles: ['boss'] }, 'roles', 'operator'],
  [{ roles: ['guest'] }, 'roles', 'viewer'],
  [{ roles: ['guest', 'boss'] }, 'roles', 'operator'],
  [{ roles: ['other'] }, 'roles', undefined],
  [{ roles: [] }, 'roles', undefined],
  [{}, 'roles', undefined],
  [{ scope: 'openid guest' }, 'scope', 'viewer'],
  [{ sub: 'boss' }, 'sub', 'operator'],
  [{ sub: 'bossy' }, 'sub', undefined],
  [{ realm_access: { roles: ['boss'] } }, 'realm_access.roles', 'operator'],
  [{ realm_access: 'boss' }, 'realm_access.roles', undefined],
  [{ 'https://example.com/roles': ['boss'] }, 'https://example.com/roles', 'operator'],
  [{ roles: { boss: true } }, 'roles', undefined],
  [{ roles: [['boss']] }, 'roles', undefined],
  [{ roles: null }, 'roles.any', undefined],
  [{}, 'constructor.name', undefined],
])('claims %j with roles in %s grant the role %s', (claims, claim, want) => {
  expect(roleOf(claims, { claim, operator: 'boss', viewer: 'guest' })).toBe(want)
})
