import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { Agent, request, type RequestOptions } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { makeCertificates, mountSecret } from '@opifer/testkit'
import { Hono } from 'hono'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../config/options.ts'
import { recordedLog } from '../testing/recorded-log.ts'
import { type HttpServer, serveHttp } from './serve.ts'
import { openTls, TLS_OPTIONS, tlsErrors } from './tls.ts'

type Certificates = Awaited<ReturnType<typeof makeCertificates>>

let one: Certificates
let other: Certificates

beforeAll(async () => {
  ;[one, other] = await Promise.all([makeCertificates(), makeCertificates()])
})

/** In TLS 1.3 the client finishes its handshake before the server has checked the client certificate. */
const REJECTED = /certificate required|unknown ca|ECONNRESET|socket hang up/

const LOOPBACK = { host: '127.0.0.1', port: 0 }

async function makeSecret(contents: Record<string, string>) {
  const secret = await mountSecret(contents)
  onTestFinished(() => secret.remove())
  return secret
}

const pair = ({ server }: Certificates) => ({ cert: server.cert, key: server.key })

function parse(flags: Record<string, string>) {
  const argv = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
  const parsed = parseConfig(TLS_OPTIONS, argv, {})
  if (parsed.kind !== 'config') throw new Error(JSON.stringify(parsed))
  return parsed
}

async function startServer({ clientCa }: { clientCa?: string } = {}) {
  const secret = await makeSecret({ ...pair(one), ca: clientCa ?? one.ca })
  const flags = { tlsCert: secret.path('cert'), tlsKey: secret.path('key') }
  const { config, files } = parse(clientCa ? { ...flags, tlsClientCa: secret.path('ca') } : flags)
  expect(tlsErrors(config)).toEqual([])
  const { log, lines, count } = recordedLog()
  const tls = openTls(config, { files, log, intervalMs: 5 })
  const server = await serveHttp(
    new Hono().get('/', (c) => c.text(new URL(c.req.url).protocol)),
    LOOPBACK,
    { tls },
  )
  onTestFinished(async () => {
    await server.close()
    await tls?.close()
  })
  return { server, secret, lines, count }
}

function get({ address }: HttpServer, options: RequestOptions): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  request({ ...address, agent: false, ...options }, (response) => void text(response).then(resolve, reject))
    .on('error', reject)
    .end()
  return promise
}

describe('a listener with TLS', () => {
  test('presents its certificate, and the app sees https', async () => {
    const { server } = await startServer()
    expect(await get(server, { ca: one.ca })).toBe('https:')
    await expect(get(server, { ca: other.ca })).rejects.toThrow(/signature|certificate/)
  })

  test.each(['TLSv1', 'TLSv1.1'] as const)('rejects %s', async (version) => {
    const { server } = await startServer()
    const old = { ca: one.ca, minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const
    await expect(get(server, old)).rejects.toThrow(/alert protocol version|unsupported protocol/)
  })

  test('disconnects a client that never starts the handshake', async () => {
    const { log } = recordedLog()
    const secret = await makeSecret(pair(one))
    const { config, files } = parse({ tlsCert: secret.path('cert'), tlsKey: secret.path('key') })
    const tls = openTls(config, { files, log })
    const limits = { headersTimeout: 100, requestTimeout: 100, keepAliveTimeout: 100, connectionsCheckingInterval: 20 }
    const server = await serveHttp(new Hono(), LOOPBACK, { tls, limits: { ...limits, handshakeTimeout: 50 } })
    onTestFinished(async () => {
      await server.close()
      await tls?.close()
    })
    const socket = connectPlain(server.address)
    expect(await text(socket)).toBe('')
  })
})

describe('when the files change', () => {
  test('serves a renewed certificate to new connections and keeps the open ones', async () => {
    const { server, secret, count } = await startServer()
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: [one.ca, other.ca] })
    onTestFinished(() => agent.destroy())
    await get(server, { agent })
    const [kept] = Object.values(agent.freeSockets).flat()
    await secret.update({ ...pair(other), ca: one.ca })
    await expect.poll(() => get(server, { ca: other.ca })).toBe('https:')
    expect(count(/files reloaded/)).toBe(1)
    expect(await get(server, { agent })).toBe('https:')
    expect(Object.values(agent.freeSockets).flat()).toEqual([kept])
  })

  test.each<[what: string, broken: () => Record<string, string>]>([
    ['a key of another certificate', () => ({ cert: one.server.cert, key: other.server.key })],
    ['no certificate', () => ({ cert: 'none', key: one.server.key })],
    ['no key', () => ({ cert: other.server.cert, key: '' })],
  ])('keeps the old certificate and logs a warning if the files change to %s', async (_, broken) => {
    const { server, secret, lines, count } = await startServer()
    await secret.update(broken())
    await expect.poll(() => count(/keeping previous contents/)).toBe(1)
    expect(await get(server, { ca: one.ca })).toBe('https:')
    expect(lines.join()).not.toContain('PRIVATE')
    await secret.update(pair(other))
    await expect.poll(() => get(server, { ca: other.ca })).toBe('https:')
  })
})

describe('client certificates', () => {
  test('admits only clients with a certificate signed by the CA', async () => {
    const { server, count } = await startServer({ clientCa: other.ca })
    expect(await get(server, { ca: one.ca, ...(await other.client('prometheus')) })).toBe('https:')
    await expect(get(server, { ca: one.ca })).rejects.toThrow(REJECTED)
    await expect(get(server, { ca: one.ca, ...(await one.client('stranger')) })).rejects.toThrow(REJECTED)
    expect(count(/TLS handshake failed/)).toBe(2)
  })

  test('a renewed CA invalidates old certificates, even for resumed sessions', async () => {
    const { server, secret } = await startServer({ clientCa: other.ca })
    const old = await other.client('old')
    const session = await sessionOf(server, { ca: one.ca, ...old })
    expect(await exchange(server, { ca: one.ca, ...old, session })).toMatchObject({
      isResumed: true,
      answer: expect.stringContaining('200 OK'),
    })
    await secret.update({ ...pair(one), ca: one.ca })
    const renewed = await one.client('new')
    await expect.poll(() => get(server, { ca: one.ca, ...renewed })).toBe('https:')
    expect(await exchange(server, { ca: one.ca, ...old, session })).toEqual({ isResumed: false, answer: '' })
  })

  test('keeps the CA if the file no longer contains one', async () => {
    const { server, secret, count } = await startServer({ clientCa: other.ca })
    await writeFile(secret.path('ca'), 'none')
    await expect.poll(() => count(/keeping previous contents/)).toBe(1)
    expect(await get(server, { ca: one.ca, ...(await other.client('prometheus')) })).toBe('https:')
  })
})

describe('tlsErrors', () => {
  test.each<[files: Record<string, () => string>, want: RegExp[]]>([
    [{}, []],
    [{ tlsCert: () => one.server.cert }, [/^--tlsKey: required/]],
    [{ tlsClientCa: () => one.ca }, [/^--tlsCert: required/, /^--tlsKey: required/]],
    [{ tlsCert: () => one.server.cert, tlsKey: () => other.server.key }, [/can't be used: .*mismatch/]],
    [{ tlsCert: () => one.server.cert, tlsKey: () => one.server.key, tlsClientCa: () => 'x' }, [/can't be used/]],
  ])('tlsErrors reports what is wrong with %j', (files, want) => {
    const argv = Object.keys(files).map((name) => `--${name}=${name}`)
    const parsed = parseConfig(TLS_OPTIONS, argv, {}, (path) => files[path]?.() ?? '')
    const errors = parsed.kind === 'config' ? tlsErrors(parsed.config) : []
    expect(errors).toEqual(want.map((error) => expect.stringMatching(error)))
  })

  test('a missing file is reported with its flag', () => {
    expect(parseConfig(TLS_OPTIONS, ['--tlsCert=/no/such/file'], {})).toMatchObject({
      errors: [expect.stringMatching(/^--tlsCert: can't read \/no\/such\/file/)],
    })
  })
})

async function sessionOf({ address }: HttpServer, options: ConnectionOptions): Promise<Buffer> {
  const socket = open(address, options)
  const [session] = (await once(socket, 'session')) as [Buffer]
  socket.destroy()
  return session
}

/** The response to a request; empty without one. */
async function exchange({ address }: HttpServer, options: ConnectionOptions) {
  const socket = open(address, options)
  await once(socket, 'secureConnect')
  const isResumed = socket.isSessionReused()
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  return { isResumed, answer: await text(socket).catch(() => '') }
}

function open(address: HttpServer['address'], options: ConnectionOptions): TLSSocket {
  const socket = connect({ ...address, ...options })
  socket.on('error', () => {})
  return socket
}
