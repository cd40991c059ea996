/**
 * Who is let in, by the real processes: every method of authentication with every kind of credentials, and what the logs
 * say of it. A process that authenticates is one more row of APPS.
 */
import {
  eventually,
  type Issuer,
  type MountedSecret,
  mountSecret,
  type OpiferProcess,
  type RedisServer,
  startDashboard,
  startIngest,
  startIssuer,
  startRedis,
  statusOf,
} from '@opifer/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { firing } from './harness/webhook.ts'

interface App {
  name: string
  start(options: { redisUrl: string; flags: readonly string[] }): Promise<OpiferProcess>
  /** Asks for what only the caller's credentials can stand in the way of. */
  ask(url: string, headers: Record<string, string>): Promise<number>
  /** Answers to an operator and to a viewer. */
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
    // There is no such run, which only who may act is told.
    ask: (url, headers) => statusOf(`${url}/api/runs/none/retry`, { method: 'POST', headers }),
    operator: 404,
    viewer: 403,
  },
]

interface World {
  issuer: Issuer
  secret: MountedSecret
}

interface Method {
  name: string
  flags(world: World): string[]
  right(world: World): Credentials
  wrong: string
  viewer(world: World): Credentials
  /** Changes what is right. */
  change(world: World): Promise<void>
  /** The answer to what is right after a change, until the process knows of it. */
  meanwhile: number
}

type Credentials = string | undefined | Promise<string>

/** Of the Secret; the second ones are put in place of the first. */
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

async function changeSecret({ secret, issuer }: World): Promise<void> {
  version = 1
  await secret.update(contents(1, issuer.keySet()))
}

const jwt = (how: string, flags: Method['flags'], change: Method['change'], meanwhile: number): Method => ({
  name: `jwt, keys ${how}`,
  flags: (world) => [
    '--authMethod=jwt',
    `--authJwtIssuer=${world.issuer.url}`,
    '--authJwtAudience=opifer',
    '--authJwtJwksCooldown=1s',
    ...flags(world),
  ],
  right: async ({ issuer }) => `Bearer ${await issuer.sign()}`,
  wrong: 'Bearer s3cret-1.s3cret-2.s3cret-3',
  viewer: async ({ issuer }) => `Bearer ${await issuer.sign({ roles: ['opifer-viewer'] })}`,
  change,
  meanwhile,
})

const METHODS: Method[] = [
  {
    name: 'none',
    flags: () => [],
    right: () => undefined,
    wrong: 'Bearer s3cret-any',
    viewer: () => undefined,
    change: async () => {},
    meanwhile: 401,
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
    meanwhile: 401,
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
    meanwhile: 401,
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
    async (world) => {
      await world.issuer.rotate()
      await changeSecret(world)
    },
    401,
  ),
]

const seconds = () => Math.floor(Date.now() / 1_000)

/** Tokens that are wrong for every method: those of a JWT are checked, for the others they are just another token. */
const TOKENS_OF_NOBODY: [what: string, make: (issuer: Issuer) => string | Promise<string>][] = [
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
  describe.each(METHODS)('with $name', (method) => {
    const isOpen = method.name === 'none'
    const refused = isOpen ? app.operator : 401
    const sent: string[] = []
    let world: World
    let server: OpiferProcess

    beforeAll(async () => {
      version = 0
      const issuer = await startIssuer()
      world = { issuer, secret: await mountSecret(contents(0, issuer.keySet())) }
      server = await app.start({ redisUrl: redis.url, flags: ['--logLevel=debug', ...method.flags(world)] })
    })

    afterAll(async () => {
      await server.stop()
      await world.issuer.stop()
      await world.secret.remove()
    })

    async function ask(credentials: Credentials): Promise<number> {
      const authorization = await credentials
      if (authorization === undefined) return app.ask(server.url, {})
      sent.push(authorization)
      return app.ask(server.url, { Authorization: authorization })
    }

    test('the right credentials', async () => {
      await eventually(async () => expect(await ask(method.right(world))).toBe(app.operator))
    })

    test('the wrong credentials', async () => {
      expect(await ask(method.wrong)).toBe(refused)
    })

    test('no credentials', async () => {
      expect(await ask(undefined)).toBe(refused)
    })

    test("a viewer's credentials", async () => {
      expect(await ask(method.viewer(world))).toBe(isOpen ? app.operator : app.viewer)
    })

    test.each(TOKENS_OF_NOBODY)('%s', async (_, make) => {
      expect(await ask(`Bearer ${await make(world.issuer)}`)).toBe(refused)
    })

    test('a token without a role', async () => {
      const isJwt = method.name.startsWith('jwt')
      expect(await ask(`Bearer ${await world.issuer.sign({ roles: [] })}`)).toBe(isJwt ? 403 : refused)
    })

    test('the new credentials after a change, and no longer the old ones', async () => {
      const old = await method.right(world)
      await method.change(world)
      const answers: number[] = []
      await eventually(async () => {
        answers.push(await ask(method.right(world)))
        expect(answers.at(-1)).toBe(app.operator)
      })
      expect([app.operator, method.meanwhile]).toEqual(expect.arrayContaining(answers))
      await eventually(async () => expect(await ask(old)).toBe(refused))
    })

    test('and nothing secret is in any line of its log', async () => {
      expect(await server.stop()).toBe(0)
      const secrets = [...PASSWORDS, ...TOKENS, 's3cret', ...sent.flatMap(partsOf)]
      expect(server.lines.length).toBeGreaterThan(2)
      expect(server.lines.filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([])
    })
  })
})

/** What must not be seen of an Authorization header: whatever stands in it, and each part of a token but its header. */
function partsOf(authorization: string): string[] {
  const [, credentials = ''] = authorization.split(' ')
  return [credentials, ...credentials.split('.').slice(1)].filter((part) => part !== '')
}
