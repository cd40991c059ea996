/**
 * Authentication of the real processes: every method with every kind of credentials, and no secrets in the logs. A process
 * that authenticates is one more row of APPS.
 */
import {
  type Issuer,
  type MountedSecret,
  mountSecret,
  type OpiferProcess,
  PATIENCE,
  type RedisServer,
  startDashboard,
  startIngest,
  startIssuer,
  startRedis,
  statusOf,
} from '@opifer/testkit'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { firing } from './harness/webhook.ts'

interface App {
  name: string
  start(options: { redisUrl: string; flags: readonly string[] }): Promise<OpiferProcess>
  /** Sends a request that only wrong credentials can make fail. */
  ask(url: string, headers: Record<string, string>): Promise<number>
  /** Status codes for an operator and a viewer. */
  operator: number
  viewer: number
}

const APPS: App[] = [
  {
    name: 'ingest',
    start: startIngest,
    ask: (url, headers) =>
      statusOf(`${url}/alerts`, {
        method: 'POST',
        body: JSON.stringify(firing('DiskSpaceLow')),
        headers: { 'Content-Type': 'application/json', ...headers },
      }),
    operator: 202,
    viewer: 403,
  },
  {
    name: 'dashboard',
    start: startDashboard,
    // Only an operator learns that there is no such run.
    ask: (url, headers) => statusOf(`${url}/api/runs/none/retry`, { method: 'POST', headers }),
    operator: 404,
    viewer: 403,
  },
]

interface Environment {
  issuer: Issuer
  secret: MountedSecret
}

interface Method {
  name: string
  flags(environment: Environment): string[]
  right(environment: Environment): Credentials
  wrong: string
  viewer(environment: Environment): Credentials
  /** Changes the valid credentials. */
  change(environment: Environment): Promise<void>
  /** Status code for the new credentials until the process has loaded them. */
  untilLoaded: number
}

type Credentials = string | undefined | Promise<string>

/** Of the Secret: the second values replace the first. */
const PASSWORDS = ['s3cret-p:äss-1', 's3cret-p:äss-2'] as const
const TOKENS = ['s3cret-token-1', 's3cret-token-2'] as const

const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

const contents = (version: 0 | 1, keys: string) => ({
  pass: `${PASSWORDS[version]}\n`,
  viewerPass: 's3cret-look',
  token: TOKENS[version],
  viewerToken: 's3cret-look',
  keys,
})

let version: 0 | 1 = 0

async function changeSecret({ secret, issuer }: Environment): Promise<void> {
  version = 1
  await secret.update(contents(1, issuer.keySet()))
}

const jwt = (how: string, flags: Method['flags'], change: Method['change'], untilLoaded: number): Method => ({
  name: `jwt, keys ${how}`,
  flags: (environment) => [
    '--authMethod=jwt',
    `--authJwtIssuer=${environment.issuer.url}`,
    '--authJwtAudience=opifer',
    '--authJwtJwksCooldown=1s',
    ...flags(environment),
  ],
  right: async ({ issuer }) => `Bearer ${await issuer.sign()}`,
  wrong: 'Bearer s3cret-1.s3cret-2.s3cret-3',
  viewer: async ({ issuer }) => `Bearer ${await issuer.sign({ roles: ['opifer-viewer'] })}`,
  change,
  untilLoaded,
})

const METHODS: Method[] = [
  {
    name: 'none',
    flags: () => [],
    right: () => undefined,
    wrong: 'Bearer s3cret-any',
    viewer: () => undefined,
    change: async () => {},
    untilLoaded: 401,
  },
  {
    name: 'basic',
    flags: ({ secret }) => [
      '--authMethod=basic',
      '--authBasicUser=alert',
      '--authViewerUser=guest',
      `--authBasicPassFile=${secret.path('pass')}`,
      `--authViewerPassFile=${secret.path('viewerPass')}`,
    ],
    right: () => basic('alert', PASSWORDS[version]),
    wrong: basic('alert', 's3cret-wrong'),
    viewer: () => basic('guest', 's3cret-look'),
    change: changeSecret,
    untilLoaded: 401,
  },
  {
    name: 'bearer',
    flags: ({ secret }) => [
      '--authMethod=bearer',
      `--authBearerTokenFile=${secret.path('token')}`,
      `--authViewerTokenFile=${secret.path('viewerToken')}`,
    ],
    right: () => `Bearer ${TOKENS[version]}`,
    wrong: 'Bearer s3cret-wrong',
    viewer: () => 'Bearer s3cret-look',
    change: changeSecret,
    untilLoaded: 401,
  },
  jwt(
    'found by discovery',
    () => [],
    ({ issuer }) => issuer.rotate(),
    503,
  ),
  jwt(
    'at a URL',
    ({ issuer }) => [`--authJwtJwksUrl=${issuer.keysUrl}`],
    ({ issuer }) => issuer.rotate(),
    503,
  ),
  jwt(
    'in a file',
    ({ secret }) => [`--authJwtJwksFile=${secret.path('keys')}`],
    async (environment) => {
      await environment.issuer.rotate()
      await changeSecret(environment)
    },
    401,
  ),
]

const seconds = () => Math.floor(Date.now() / 1_000)

/** Tokens that every method rejects: as a JWT they are invalid, to the other methods they are unknown. */
const INVALID_TOKENS: [what: string, make: (issuer: Issuer) => string | Promise<string>][] = [
  ['a token that has expired', (issuer) => issuer.sign({ exp: seconds() - 60 })],
  ['a token for another audience', (issuer) => issuer.sign({ aud: 'other' })],
  ['a token that names another issuer', (issuer) => issuer.sign({ iss: 'https://other.example' })],
  ['a token with alg: none', (issuer) => issuer.unsigned()],
  ['a token signed with HS256 and the public key', (issuer) => issuer.signedWithPublicKey()],
]

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})

afterAll(() => redis.stop())

describe.each(APPS)('$name', (app) => {
  describe.each(METHODS)('authentication method $name', (method) => {
    const where = `${app.name}, method ${method.name}`
    const isOpen = method.name === 'none'
    const rejected = isOpen ? app.operator : 401
    const verdict = isOpen ? 'ignored' : 'rejected'
    const sent: string[] = []
    let environment: Environment
    let server: OpiferProcess

    beforeAll(async () => {
      version = 0
      const issuer = await startIssuer()
      environment = { issuer, secret: await mountSecret(contents(0, issuer.keySet())) }
      server = await app.start({ redisUrl: redis.url, flags: ['--logLevel=debug', ...method.flags(environment)] })
    })

    afterAll(async () => {
      await server.stop()
      await environment.issuer.stop()
      await environment.secret.remove()
    })

    async function ask(credentials: Credentials): Promise<number> {
      const authorization = await credentials
      if (authorization === undefined) return app.ask(server.url, {})
      sent.push(authorization)
      return app.ask(server.url, { Authorization: authorization })
    }

    test(`valid credentials are admitted: ${where}`, async () => {
      await expect.poll(() => ask(method.right(environment))).toBe(app.operator)
    })

    test(`wrong credentials are ${verdict}: ${where}`, async () => {
      expect(await ask(method.wrong)).toBe(rejected)
    })

    test(`missing credentials are ${isOpen ? 'accepted' : 'rejected'}: ${where}`, async () => {
      expect(await ask(undefined)).toBe(rejected)
    })

    test(`a viewer ${isOpen ? 'may' : 'may not'} act: ${where}`, async () => {
      expect(await ask(method.viewer(environment))).toBe(isOpen ? app.operator : app.viewer)
    })

    test.each(INVALID_TOKENS)(`%s is ${verdict}: ${where}`, async (_, make) => {
      expect(await ask(`Bearer ${await make(environment.issuer)}`)).toBe(rejected)
    })

    test(`a token without a role is ${verdict}: ${where}`, async () => {
      const isJwt = method.name.startsWith('jwt')
      expect(await ask(`Bearer ${await environment.issuer.sign({ roles: [] })}`)).toBe(isJwt ? 403 : rejected)
    })

    test(`changed credentials replace the old ones: ${where}`, async () => {
      const old = await method.right(environment)
      await method.change(environment)
      const answers: number[] = []
      await vi.waitFor(async () => {
        answers.push(await ask(method.right(environment)))
        expect(answers.at(-1)).toBe(app.operator)
      }, PATIENCE)
      expect([app.operator, method.untilLoaded]).toEqual(expect.arrayContaining(answers))
      await expect.poll(() => ask(old)).toBe(rejected)
    })

    test(`no secret is logged: ${where}`, async () => {
      expect(await server.stop()).toBe(0)
      const secrets = [...PASSWORDS, ...TOKENS, 's3cret', ...sent.flatMap(partsOf)]
      expect(server.lines.length).toBeGreaterThan(2)
      expect(server.lines.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([])
    })
  })
})

/** What must not be logged of an Authorization header: the credentials, and each part of a token except its header. */
function partsOf(authorization: string): string[] {
  const [, credentials = ''] = authorization.split(' ')
  return [credentials, ...credentials.split('.').slice(1)].filter((part) => part !== '')
}
