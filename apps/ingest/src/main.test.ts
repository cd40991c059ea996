import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { makeWebhook } from '@opifer/core/testing'
import {
  freePort,
  type ManagedProcess,
  type RedisServer,
  startProcess,
  startProxy,
  startRedis,
  statusOf,
} from '@opifer/testkit'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const BODY = JSON.stringify(makeWebhook())
const TOKEN = 'b3arer-s3cret'

let server: RedisServer

beforeAll(async () => {
  server = await startRedis()
})

afterAll(() => server.stop())

interface Ingest extends ManagedProcess {
  port: number
  post(headers?: Record<string, string>): Promise<{ status: number; body: string }>
  health(): Promise<number>
  readiness(): Promise<number>
}

async function startIngest(redisUrl: string, flags: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ingest> {
  const child = await startProcess({
    command: process.execPath,
    args: [main, '--addr=127.0.0.1:0', ...(redisUrl ? [`--redisUrl=${redisUrl}`] : []), '--redisTimeout=1s', ...flags],
    env: { REDIS_URL: undefined, ...env },
    readyLine: /ingest listening/,
  })
  onTestFinished(async () => {
    await child.kill()
  })
  const { port } = JSON.parse(await child.waitForLine(/ingest listening/))
  const url = `http://127.0.0.1:${port}`
  return {
    ...child,
    port,
    async post(headers = {}) {
      const all = { 'Content-Type': 'application/json', ...headers }
      const response = await fetch(`${url}/alerts`, { method: 'POST', body: BODY, headers: all })
      return { status: response.status, body: await response.text() }
    },
    health: () => statusOf(`${url}/healthz`),
    readiness: () => statusOf(`${url}/readiness`),
  }
}

/** A connection on which a webhook, or its beginning, has arrived. */
async function startPost(ingest: Ingest, sent: string): Promise<Socket> {
  const socket = connect(ingest.port, '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  await once(socket, 'connect')
  const head = ['POST /alerts HTTP/1.1', 'Host: a', 'Content-Type: application/json', `Content-Length: ${BODY.length}`]
  socket.write(`${head.join('\r\n')}\r\n\r\n${sent}`)
  // A later request was answered, so the bytes have arrived.
  await ingest.health()
  return socket
}

/** A file for each secret; returns their paths. */
async function makeFiles(secrets: Record<string, string>): Promise<Record<string, string>> {
  const dir = await mkdtemp(join(tmpdir(), 'opifer-secrets-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const entries = Object.entries(secrets).map(async ([name, secret]) => {
    await writeFile(join(dir, name), `${secret}\n`)
    return [name, join(dir, name)]
  })
  return Object.fromEntries(await Promise.all(entries))
}

const basic = (password: string) => `Basic ${Buffer.from(`alert:${password}`).toString('base64')}`

/** Lines with a secret, or with the Base64 of the user that precedes one. */
function leaksOf({ lines }: Ingest): string[] {
  const user = Buffer.from('alert:').toString('base64')
  return lines.filter((line) => line.includes('s3cret') || line.includes(user))
}

async function failedStart(...flags: string[]): Promise<{ code: number; output: string }> {
  const child = await startProcess({ command: process.execPath, args: [main, '--addr=127.0.0.1:0', ...flags] })
  return { code: await child.exited, output: child.lines.join('\n') }
}

describe('without Redis', () => {
  test('starts without Redis, answers 503, and works once Redis is up', async () => {
    const port = await freePort()
    const ingest = await startIngest(`redis://127.0.0.1:${port}`)
    expect((await ingest.post()).status).toBe(503)
    expect(await ingest.readiness()).toBe(503)

    const late = await startRedis({ port })
    onTestFinished(() => late.stop())
    await expect.poll(() => ingest.readiness()).toBe(200)
    expect((await ingest.post()).status).toBe(202)
  })

  test.each(['never came up', 'does not answer'])('stops at once while Redis %s', async (how) => {
    const own = await startRedis()
    onTestFinished(() => own.stop())
    if (how === 'never came up') await own.kill()
    const ingest = await startIngest(own.url, ['--shutdownTimeout=5s'])
    if (how === 'does not answer') {
      await ingest.waitForLine(/connected to Redis/)
      own.pause()
    }
    expect(await ingest.stop()).toBe(0)
  })
})

describe('SIGTERM', () => {
  test('on SIGTERM answers pending webhooks before it exits 0', async () => {
    const proxy = await startProxy(server)
    onTestFinished(() => proxy.stop())
    const ingest = await startIngest(`redis://127.0.0.1:${proxy.port}`, ['--redisTimeout=20s'])
    await expect.poll(() => ingest.readiness()).toBe(200)
    proxy.stall()
    const sockets = await Promise.all([1, 2, 3].map(() => startPost(ingest, BODY)))
    ingest.signal('SIGTERM')
    await ingest.waitForLine(/"msg":"stopping"/)
    proxy.restore()
    for (const socket of sockets) expect(await text(socket)).toMatch(/^HTTP\/1\.1 202 /)
    expect(await ingest.exited).toBe(0)
  })

  test('on SIGTERM accepts the rest of a webhook that is being sent', async () => {
    const ingest = await startIngest(server.url)
    await expect.poll(() => ingest.readiness()).toBe(200)
    const socket = await startPost(ingest, BODY.slice(0, 10))
    ingest.signal('SIGTERM')
    await ingest.waitForLine(/"msg":"stopping"/)
    socket.write(BODY.slice(10))
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 202 /)
    expect(await ingest.exited).toBe(0)
  })
})

describe('secrets', () => {
  const SECRETS = { redisPassword: 'r3dis-s3cret', authBasicPass: 'b4sic-s3cret', authBearerToken: TOKEN }

  test.each([
    ['basic', basic(SECRETS.authBasicPass), basic('wr0ng-s3cret')],
    ['bearer', `Bearer ${TOKEN}`, 'Bearer wr0ng-s3cret'],
  ])('reads secrets from files and never logs them, with %s authentication', async (method, right, wrong) => {
    const own = await startRedis({ extraArgs: ['--requirepass', SECRETS.redisPassword] })
    onTestFinished(() => own.stop())
    const files = await makeFiles({ ...SECRETS, redisUrl: `${own.url}/1` })
    const ingest = await startIngest(
      '',
      [
        `--authMethod=${method}`,
        '--authBasicUser=alert',
        '--logLevel=trace',
        `--redisPasswordFile=${files['redisPassword']}`,
      ],
      {
        OPIFER_REDIS_URL_FILE: files['redisUrl'],
        OPIFER_AUTH_BASIC_PASS_FILE: files['authBasicPass'],
        OPIFER_AUTH_BEARER_TOKEN_FILE: files['authBearerToken'],
      },
    )
    await expect.poll(() => ingest.readiness()).toBe(200)
    expect((await ingest.post({ Authorization: wrong })).status).toBe(401)
    expect((await ingest.post()).status).toBe(401)
    expect((await ingest.post({ Authorization: right })).status).toBe(202)
    await own.kill()
    expect((await ingest.post({ Authorization: right })).status).toBe(503)
    expect(await ingest.stop()).toBe(0)
    expect(leaksOf(ingest)).toEqual([])
  })

  test('does not log a password that Redis rejects', async () => {
    const own = await startRedis({ extraArgs: ['--requirepass', 'other'] })
    onTestFinished(() => own.stop())
    const ingest = await startIngest(`redis://:wr0ng-s3cret@127.0.0.1:${own.port}`, ['--logLevel=trace'])
    await ingest.waitForLine(/WRONGPASS/)
    expect((await ingest.post()).status).toBe(503)
    expect(await ingest.stop()).toBe(0)
    expect(leaksOf(ingest)).toEqual([])
  })
})

describe('failed start', () => {
  test('reports all configuration errors at once', async () => {
    const { code, output } = await failedStart(
      '--redisUrl=http://:s3cret@redis',
      '--maxBodyBytes=1',
      '--dedupScope=all',
    )
    expect(code).toBe(1)
    for (const name of ['redisUrl', 'maxBodyBytes', 'dedupScope']) expect(output).toContain(`--${name}: `)
    expect(output).not.toContain('s3cret')
  })

  test('reports missing secrets for the authentication method', async () => {
    const { code, output } = await failedStart('--authMethod=bearer')
    expect(code).toBe(1)
    expect(output).toContain('--authBearerToken or --authBearerTokenFile: required')
  })

  test('exits 1 if the address is in use', async () => {
    const { port } = server
    const { code, output } = await failedStart(`--addr=127.0.0.1:${port}`, `--redisUrl=${server.url}`)
    expect(code).toBe(1)
    expect(output).toContain('EADDRINUSE')
  })
})

test('loses no acknowledged alert when killed', async () => {
  const own = await startRedis({ appendonly: 'always' })
  onTestFinished(() => own.stop())
  const ingest = await startIngest(own.url)
  await expect.poll(() => ingest.readiness()).toBe(200)
  const { alerts } = JSON.parse((await ingest.post()).body) as { alerts: { runId: string }[] }
  await ingest.kill()
  await own.kill()
  await own.restart()
  const redis = new Redis(own.url)
  onTestFinished(() => redis.disconnect())
  expect(await redis.lrange('{opifer}:runs:wait', 0, -1)).toEqual(alerts.map(({ runId }) => runId))
})
