import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import {
  eventually,
  freePort,
  makeCertificates,
  type RedisOptions as ServerOptions,
  type RedisServer,
  startProxy,
  startRedis,
  startRedisCluster,
  startRedisSentinel,
} from '@opifer/testkit'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { COMMON_OPTIONS } from '../config/common.ts'
import { parseConfig } from '../config/options.ts'
import { createLogger } from '../telemetry/logger.ts'
import { createMarks } from '../../../queue/src/marks.ts'

import { connectRedis, type RedisClient, type RedisConfig, type RedisPatience } from './connect.ts'

const TIMEOUT = 300
const FAIL_FAST: RedisPatience = { kind: 'fail-fast', timeoutMs: 5_000 }
const FAIL_FASTER: RedisPatience = { kind: 'fail-fast', timeoutMs: TIMEOUT }
const WAIT: RedisPatience = { kind: 'wait' }
// Generous, since the machine may be busy; what is tested against would take for ever.
const GROSSLY_LATE = 10 * TIMEOUT

function givenConfig(settings: Record<string, string>): RedisConfig {
  const argv = Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
  const parsed = parseConfig(COMMON_OPTIONS, argv, {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  return parsed.config
}

function givenClient(settings: Record<string, string>, patience = FAIL_FAST): RedisClient {
  const client = connectRedis(givenConfig(settings), patience, createLogger('test', 'silent'))
  onTestFinished(() => client.disconnect())
  return client
}

async function givenServer(options?: ServerOptions): Promise<RedisServer> {
  const server = await startRedis(options)
  onTestFinished(() => server.stop())
  return server
}

const untilReady = (client: RedisClient) => eventually(() => expect(client.status).toBe('ready'))

const list = (nodes: readonly { host: string; port: number }[]) =>
  nodes.map(({ host, port }) => `${host}:${port}`).join()

describe('one server', () => {
  test('is reached by its URL, database and all', async () => {
    const server = await givenServer()
    const client = givenClient({ redisUrl: `${server.url}/3` })
    await untilReady(client)
    await client.set('key', 'value')
    const other = new Redis(`${server.url}/3`)
    expect(await other.get('key')).toBe('value')
    other.disconnect()
  })

  test.each<[where: string, settings: (server: RedisServer) => Record<string, string>]>([
    ['in the URL', ({ port }) => ({ redisUrl: `redis://:s3%40cret@127.0.0.1:${port}` })],
    ['with a user', ({ port }) => ({ redisUrl: `redis://default:s3%40cret@127.0.0.1:${port}` })],
    ['apart from the URL', ({ url }) => ({ redisUrl: url, redisPassword: 's3@cret' })],
    [
      'apart from the URL rather than in it',
      ({ port }) => ({ redisUrl: `redis://:wrong@127.0.0.1:${port}`, redisPassword: 's3@cret' }),
    ],
  ])('is reached with a password %s', async (_, settings) => {
    const server = await givenServer({ extraArgs: ['--requirepass', 's3@cret'] })
    const client = givenClient(settings(server))
    await untilReady(client)
    expect(await client.ping()).toBe('PONG')
  })

  test('is never ready with the wrong password, and rejects at once', async () => {
    const server = await givenServer({ extraArgs: ['--requirepass', 's3cret'] })
    const client = givenClient({ redisUrl: server.url, redisPassword: 'wrong' })
    const { promise: refused, resolve } = Promise.withResolvers<Error>()
    client.once('error', resolve)
    expect((await refused).message).toContain('WRONGPASS')
    expect(client.status).not.toBe('ready')
    await expect(client.ping()).rejects.toThrow("Stream isn't writeable")
  })

  test.each([
    ['redis://redis', { host: 'redis', port: 6379, db: 0, tls: undefined }],
    ['redis://[::1]:7000/2', { host: '::1', port: 7000, db: 2, tls: undefined }],
    ['rediss://user:p%40ss@redis:6380', { host: 'redis', port: 6380, tls: {}, username: 'user', password: 'p@ss' }],
  ])('may stand at %s', (redisUrl, want) => {
    expect(givenClient({ redisUrl }).options).toMatchObject(want)
  })
})

describe('a client that fails fast', () => {
  test('is not ready and rejects at once while Redis was never up, and works once it is', async () => {
    const port = await freePort()
    const client = givenClient({ redisUrl: `redis://127.0.0.1:${port}` })
    await expect(client.ping()).rejects.toThrow("Stream isn't writeable")
    expect(client.status).not.toBe('ready')

    await givenServer({ port })
    await untilReady(client)
    expect(await client.ping()).toBe('PONG')
  })

  test('rejects what is under way when Redis goes down, what comes then, and works again', async () => {
    const server = await givenServer()
    const client = givenClient({ redisUrl: server.url })
    await untilReady(client)
    server.pause()
    const [underWay] = await Promise.allSettled([client.ping(), server.kill()])
    expect(underWay.status).toBe('rejected')
    await expect(client.ping()).rejects.toThrow("Stream isn't writeable")
    await server.restart()
    await eventually(async () => expect(await client.ping()).toBe('PONG'))
  })

  test('rejects after its time-out when Redis is silent, at once from then on, and works again', async () => {
    const server = await givenServer()
    const client = givenClient({ redisUrl: server.url }, FAIL_FASTER)
    await untilReady(client)
    server.pause()
    const start = performance.now()
    await expect(client.ping()).rejects.toThrow('max retries per request')
    expect(performance.now() - start).toBeGreaterThan(TIMEOUT / 2)
    expect(performance.now() - start).toBeLessThan(GROSSLY_LATE)
    expect(client.status).not.toBe('ready')
    server.resume()
    await eventually(async () => expect(await client.ping()).toBe('PONG'))
  })

  test('is not taken for silent while it has nothing to ask', async () => {
    const server = await givenServer()
    const client = givenClient({ redisUrl: server.url }, FAIL_FASTER)
    await untilReady(client)
    let closed = 0
    client.on('close', () => closed++)
    const start = performance.now()
    await eventually(() => expect(performance.now() - start).toBeGreaterThan(2 * TIMEOUT))
    expect(closed).toBe(0)
    expect(await client.ping()).toBe('PONG')
  })

  test('comes back after the network has failed in every way', async () => {
    const server = await givenServer()
    const proxy = await startProxy(server)
    onTestFinished(() => proxy.stop())
    const client = givenClient({ redisUrl: `redis://127.0.0.1:${proxy.port}` }, FAIL_FASTER)
    await untilReady(client)
    for (const fail of [() => proxy.cut(), () => proxy.stall()]) {
      fail()
      await expect(client.ping()).rejects.toThrow(/max retries per request|Stream isn't writeable/)
      proxy.restore()
      await eventually(async () => expect(await client.ping()).toBe('PONG'))
    }
  })
})

test('a client that waits answers what was asked before Redis was up', async () => {
  const port = await freePort()
  const client = givenClient({ redisUrl: `redis://127.0.0.1:${port}` }, WAIT)
  const answer = client.ping()
  await givenServer({ port })
  expect(await answer).toBe('PONG')
})

describe('Sentinel', () => {
  test.each([FAIL_FAST, WAIT])(
    'leads a client that is told to $kind to the master, also after a failover',
    async (patience) => {
      const sentinel = await startRedisSentinel()
      onTestFinished(() => sentinel.stop())
      const client = givenClient(
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
      await eventually(async () => {
        await client.set('key', 'after')
        expect(await portOf(client)).toBe(sentinel.replica.port)
      })
      expect(await client.get('key')).toBe('after')
    },
  )
})

describe('with Sentinel TLS is spoken', () => {
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
  ])('as %j has it', (settings, want) => {
    const client = givenClient({ ...settings, redisSentinels: '127.0.0.1:1' })
    expect(client.options).toMatchObject({ ...want, enableTLSForSentinelMode: true, db: 2, name: 'mymaster' })
  })

  test('to one that takes nothing else', async () => {
    const certificates = await makeCertificates()
    trust(certificates.ca)
    const sentinel = await startRedisSentinel([], certificates)
    onTestFinished(() => sentinel.stop())
    const client = givenClient({
      redisSentinels: list(sentinel.sentinels),
      redisSentinelMaster: sentinel.name,
      redisSentinelTls: 'on',
    })
    await untilReady(client)
    expect(await portOf(client)).toBe(sentinel.master.port)
  })
})

test('a client whose server has become a replica looks for the master anew', async () => {
  const [one, two] = await Promise.all([givenServer(), givenServer()])
  const client = givenClient({ redisUrl: one.url })
  await untilReady(client)
  let closed = 0
  client.on('close', () => closed++)
  const admin = new Redis(one.url)
  onTestFinished(() => admin.disconnect())
  await admin.replicaof(two.host, two.port)

  await expect(client.set('key', 'value')).rejects.toThrow('READONLY')
  await eventually(() => expect(closed).toBeGreaterThan(0))
  await untilReady(client)
  await admin.replicaof('NO', 'ONE')
  await eventually(async () => expect(await client.set('key', 'value')).toBe('OK'))
})

test('on a Redis Cluster marks work, and so does the queue', async () => {
  const cluster = await startRedisCluster()
  onTestFinished(() => cluster.stop())
  const settings = { redisClusterNodes: list(cluster.nodes) }
  const [producer, consumer] = [givenClient(settings), givenClient(settings, WAIT)]
  await untilReady(producer)

  const prefix = COMMON_OPTIONS.queuePrefix.schema.parse(undefined)
  const marks = createMarks(producer, prefix)
  const lock = { key: `${prefix}:lock`, token: 'this worker' }
  await producer.set(lock.key, lock.token)
  await marks.finishJob({ dedupId: 'a', episode: 'e', runId: 'run-1', cooldownMs: 60_000, keepMs: 60_000 }, lock)
  await marks.markResolved('a', { receivedAt: 1 }, 60_000)
  expect(await marks.coolingDown(['a', 'b', 'c'])).toEqual(['run-1', null, null])
  expect(await marks.beforeCreate({ dedupId: 'd', alertId: 'a', episode: 'e', runId: 'run' })).toMatchObject({
    resolved: { receivedAt: 1 },
    finishedJobs: 1,
  })

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
  await eventually(() => expect(done.sort()).toEqual(['one', 'three', 'two']))
})

/** As `NODE_EXTRA_CA_CERTS` would, had this process been started with it. */
function trust(authority: string): void {
  const before = getCACertificates()
  setDefaultCACertificates([...before, authority])
  onTestFinished(() => setDefaultCACertificates(before))
}

async function portOf(client: RedisClient): Promise<number> {
  const [, port] = await client.config('GET', 'port')
  return Number(port)
}
