import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import {
  freePort,
  makeCertificates,
  PATIENCE,
  type RedisOptions as ServerOptions,
  type RedisServer,
  startProxy,
  startRedis,
  startRedisCluster,
  startRedisSentinel,
} from '@opifer/testkit'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { COMMON_OPTIONS } from '../config/common.ts'
import { parseConfig } from '../config/options.ts'
import { createLogger } from '../telemetry/logger.ts'
import { connectRedis, type RedisClient, type RedisConfig, type RedisPatience } from './connect.ts'

const TIMEOUT = 300
const FAIL_FAST: RedisPatience = { kind: 'fail-fast', timeoutMs: 5_000 }
const FAIL_FASTER: RedisPatience = { kind: 'fail-fast', timeoutMs: TIMEOUT }
const WAIT: RedisPatience = { kind: 'wait' }
// Generous, since the machine may be busy; without the timeout it would take forever.
const GROSSLY_LATE = 10 * TIMEOUT

function parse(settings: Record<string, string>): RedisConfig {
  const argv = Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
  const parsed = parseConfig(COMMON_OPTIONS, argv, {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  return parsed.config
}

function makeClient(settings: Record<string, string>, patience = FAIL_FAST): RedisClient {
  const client = connectRedis(parse(settings), patience, createLogger('test', 'silent'))
  onTestFinished(() => client.disconnect())
  return client
}

async function startServer(options?: ServerOptions): Promise<RedisServer> {
  const server = await startRedis(options)
  onTestFinished(() => server.stop())
  return server
}

const untilReady = (client: RedisClient) => vi.waitFor(() => expect(client.status).toBe('ready'), PATIENCE)

const list = (nodes: readonly { host: string; port: number }[]) =>
  nodes.map(({ host, port }) => `${host}:${port}`).join()

describe('one server', () => {
  test('connects to a server by its URL, including the database', async () => {
    const server = await startServer()
    const client = makeClient({ redisUrl: `${server.url}/3` })
    await untilReady(client)
    await client.set('key', 'value')
    const other = new Redis(`${server.url}/3`)
    expect(await other.get('key')).toBe('value')
    other.disconnect()
  })

  test.each<[where: string, settings: (server: RedisServer) => Record<string, string>]>([
    ['in the URL', ({ port }) => ({ redisUrl: `redis://:s3%40cret@127.0.0.1:${port}` })],
    ['with a user', ({ port }) => ({ redisUrl: `redis://default:s3%40cret@127.0.0.1:${port}` })],
    ['outside the URL', ({ url }) => ({ redisUrl: url, redisPassword: 's3@cret' })],
    [
      'outside the URL, overriding the one in it',
      ({ port }) => ({ redisUrl: `redis://:wrong@127.0.0.1:${port}`, redisPassword: 's3@cret' }),
    ],
  ])('connects with a password %s', async (_, settings) => {
    const server = await startServer({ extraArgs: ['--requirepass', 's3@cret'] })
    const client = makeClient(settings(server))
    await untilReady(client)
    expect(await client.ping()).toBe('PONG')
  })

  test('is never ready with a wrong password and rejects commands at once', async () => {
    const server = await startServer({ extraArgs: ['--requirepass', 's3cret'] })
    const client = makeClient({ redisUrl: server.url, redisPassword: 'wrong' })
    const { promise: rejected, resolve } = Promise.withResolvers<Error>()
    client.once('error', resolve)
    expect((await rejected).message).toContain('WRONGPASS')
    expect(client.status).not.toBe('ready')
    await expect(client.ping()).rejects.toThrow("Stream isn't writeable")
  })

  test.each([
    ['redis://redis', { host: 'redis', port: 6379, db: 0, tls: undefined }],
    ['redis://[::1]:7000/2', { host: '::1', port: 7000, db: 2, tls: undefined }],
    ['rediss://user:p%40ss@redis:6380', { host: 'redis', port: 6380, tls: {}, username: 'user', password: 'p@ss' }],
  ])('reads host, port, database, user and TLS from %s', (redisUrl, want) => {
    expect(makeClient({ redisUrl }).options).toMatchObject(want)
  })
})

describe('a client that fails fast', () => {
  test('a fail-fast client rejects at once until Redis is up, then works', async () => {
    const port = await freePort()
    const client = makeClient({ redisUrl: `redis://127.0.0.1:${port}` })
    await expect(client.ping()).rejects.toThrow("Stream isn't writeable")
    expect(client.status).not.toBe('ready')

    await startServer({ port })
    await untilReady(client)
    expect(await client.ping()).toBe('PONG')
  })

  test('a fail-fast client rejects pending and new commands while Redis is down, then works again', async () => {
    const server = await startServer()
    const client = makeClient({ redisUrl: server.url })
    await untilReady(client)
    server.pause()
    const [pending] = await Promise.allSettled([client.ping(), server.kill()])
    expect(pending.status).toBe('rejected')
    await expect(client.ping()).rejects.toThrow("Stream isn't writeable")
    await server.restart()
    await expect.poll(() => client.ping()).toBe('PONG')
  })

  test('a fail-fast client rejects after its timeout when Redis is silent, then works again', async () => {
    const server = await startServer()
    const client = makeClient({ redisUrl: server.url }, FAIL_FASTER)
    await untilReady(client)
    server.pause()
    const start = performance.now()
    await expect(client.ping()).rejects.toThrow('max retries per request')
    expect(performance.now() - start).toBeGreaterThan(TIMEOUT / 2)
    expect(performance.now() - start).toBeLessThan(GROSSLY_LATE)
    expect(client.status).not.toBe('ready')
    server.resume()
    await expect.poll(() => client.ping()).toBe('PONG')
  })

  test('a fail-fast client keeps an idle connection', async () => {
    const server = await startServer()
    const client = makeClient({ redisUrl: server.url }, FAIL_FASTER)
    await untilReady(client)
    let closed = 0
    client.on('close', () => closed++)
    const start = performance.now()
    await expect.poll(() => performance.now() - start).toBeGreaterThan(2 * TIMEOUT)
    expect(closed).toBe(0)
    expect(await client.ping()).toBe('PONG')
  })

  test('a fail-fast client recovers from cut and stalled connections', async () => {
    const server = await startServer()
    const proxy = await startProxy(server)
    onTestFinished(() => proxy.stop())
    const client = makeClient({ redisUrl: `redis://127.0.0.1:${proxy.port}` }, FAIL_FASTER)
    await untilReady(client)
    for (const fail of [() => proxy.cut(), () => proxy.stall()]) {
      fail()
      await expect(client.ping()).rejects.toThrow(/max retries per request|Stream isn't writeable/)
      proxy.restore()
      await expect.poll(() => client.ping()).toBe('PONG')
    }
  })
})

test('a waiting client answers commands sent before Redis was up', async () => {
  const port = await freePort()
  const client = makeClient({ redisUrl: `redis://127.0.0.1:${port}` }, WAIT)
  const answer = client.ping()
  await startServer({ port })
  expect(await answer).toBe('PONG')
})

describe('Sentinel', () => {
  test.each([FAIL_FAST, WAIT])(
    'Sentinel leads a $kind client to the master, also after a failover',
    async (patience) => {
      const sentinel = await startRedisSentinel()
      onTestFinished(() => sentinel.stop())
      const client = makeClient(
        {
          redisSentinels: list(sentinel.sentinels),
          redisSentinelMaster: sentinel.name,
          redisUrl: 'redis://sentinel/1',
        },
        patience,
      )
      await untilReady(client)
      await client.set('key', 'before')
      expect(await portOf(client)).toBe(sentinel.master.port)

      await sentinel.failover()
      await vi.waitFor(async () => {
        await client.set('key', 'after')
        expect(await portOf(client)).toBe(sentinel.replica.port)
      }, PATIENCE)
      expect(await client.get('key')).toBe('after')
    },
  )
})

describe('TLS with Sentinel', () => {
  test.each<[settings: Record<string, string>, want: object]>([
    [{ redisUrl: 'rediss://redis/2' }, { tls: {}, sentinelTLS: {} }],
    [{ redisUrl: 'redis://redis/2' }, { tls: undefined, sentinelTLS: undefined }],
    [
      { redisUrl: 'rediss://redis/2', redisSentinelTls: 'off' },
      { tls: {}, sentinelTLS: undefined },
    ],
    [
      { redisUrl: 'redis://redis/2', redisSentinelTls: 'on' },
      { tls: undefined, sentinelTLS: {} },
    ],
  ])('%j configures TLS for master and Sentinels', (settings, want) => {
    const client = makeClient({ ...settings, redisSentinels: '127.0.0.1:1' })
    expect(client.options).toMatchObject({ ...want, enableTLSForSentinelMode: true, db: 2, name: 'mymaster' })
  })

  test('connects to a Sentinel that accepts only TLS', async () => {
    const certificates = await makeCertificates()
    trust(certificates.ca)
    const sentinel = await startRedisSentinel([], certificates)
    onTestFinished(() => sentinel.stop())
    const client = makeClient({
      redisSentinels: list(sentinel.sentinels),
      redisSentinelMaster: sentinel.name,
      redisSentinelTls: 'on',
    })
    await untilReady(client)
    expect(await portOf(client)).toBe(sentinel.master.port)
  })
})

test('a client reconnects when its server has become a replica', async () => {
  const [one, two] = await Promise.all([startServer(), startServer()])
  const client = makeClient({ redisUrl: one.url })
  await untilReady(client)
  let closed = 0
  client.on('close', () => closed++)
  const admin = new Redis(one.url)
  onTestFinished(() => admin.disconnect())
  await admin.replicaof(two.host, two.port)

  await expect(client.set('key', 'value')).rejects.toThrow('READONLY')
  await expect.poll(() => closed).toBeGreaterThan(0)
  await untilReady(client)
  await admin.replicaof('NO', 'ONE')
  await expect.poll(() => client.set('key', 'value')).toBe('OK')
})

test('the queue works on a Redis Cluster', async () => {
  const cluster = await startRedisCluster()
  onTestFinished(() => cluster.stop())
  const settings = { redisClusterNodes: list(cluster.nodes) }
  const [producer, consumer] = [makeClient(settings), makeClient(settings, WAIT)]
  await untilReady(producer)

  const prefix = COMMON_OPTIONS.queuePrefix.schema.parse(undefined)
  const queue = new Queue('runs', { connection: producer, prefix })
  const done: string[] = []
  const worker = new Worker('runs', async ({ name }) => void done.push(name), { connection: consumer, prefix })
  worker.on('error', () => {})
  onTestFinished(async () => {
    await worker.close(true)
    await queue.close()
  })
  const jobs = ['one', 'two', 'three'].map((name) => ({ name, data: {}, opts: { deduplication: { id: name } } }))
  await queue.addBulk(jobs)
  await expect.poll(() => done.sort()).toEqual(['one', 'three', 'two'])
})

/** Like starting this process with `NODE_EXTRA_CA_CERTS`. */
function trust(authority: string): void {
  const before = getCACertificates()
  setDefaultCACertificates([...before, authority])
  onTestFinished(() => setDefaultCACertificates(before))
}

async function portOf(client: RedisClient): Promise<number> {
  const [, port] = await client.config('GET', 'port')
  return Number(port)
}
