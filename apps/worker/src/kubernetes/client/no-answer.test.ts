import { createServer as createHttpServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer as createTcpServer, type Server } from 'node:net'
import { pipeline } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'
import { freePort, makeCertificates, startProxy } from '@opifer/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeKubeConfig, makeTransport, trusting } from '../../testing/cluster.ts'
import { startServer, listen } from '../../testing/server.ts'
import { isIndeterminate, NoAnswerError } from './errors.ts'

const UNSENT = { missing: 'connection', indeterminate: false }
const UNANSWERED = { missing: 'answer', indeterminate: true }

describe('a call that was not sent', () => {
  test('a refused connection is not indeterminate', async () => {
    const kubeConfig = makeKubeConfig(`https://127.0.0.1:${await freePort()}`)
    expect(await failureOf(kubeConfig)).toEqual({ ...UNSENT, code: 'ECONNREFUSED' })
  })

  test('a connection closed at once, as by a load balancer without backends, is not indeterminate', async () => {
    const { port } = await listen(createTcpServer((socket) => void socket.on('error', () => {}).destroy()))
    expect(await failureOf(makeKubeConfig(`https://127.0.0.1:${port}`))).toMatchObject(UNSENT)
  })

  test('a rejected server certificate is not indeterminate', async () => {
    const { ca, server } = await makeCertificates()
    const { port } = await listen(createSecureServer(server))
    const ofUnknown = makeKubeConfig(`https://127.0.0.1:${port}`)
    expect(await failureOf(ofUnknown)).toEqual({ ...UNSENT, code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    const ofAnother = makeKubeConfig(`https://localhost:${port}`, {}, trusting(ca))
    expect(await failureOf(ofAnother)).toEqual({ ...UNSENT, code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })

  test('a refusal by an HTTP proxy is not indeterminate', async () => {
    const proxy = createHttpServer().on('connect', (_request, socket) => {
      socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n')
    })
    const { port } = await listen(proxy)
    expect(await failureOf(throughProxy('https://127.0.0.1:6443', port))).toMatchObject(UNSENT)
  })

  test('a failure to get credentials is not indeterminate', async () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/missing/plug-in', args: [] }
    const failure = await failureOf(makeKubeConfig('https://127.0.0.1:6443', { exec }))
    expect(failure).toEqual({ missing: 'credentials', code: 'ENOENT', indeterminate: false })
  })
})

describe('a call that was sent', () => {
  test.each([
    { version: 'HTTP/1.1', create: (options: SecureContextOptions) => createHttpsServer(options) },
    { version: 'HTTP/2', create: (options: SecureContextOptions) => createSecureServer(options) },
  ])('an $version connection that breaks after the request is indeterminate', async ({ create }) => {
    const { ca, server } = await makeCertificates()
    const listener: Server = create(server).on('request', () => proxy.cut())
    const { port } = await listen(listener)
    const proxy = await startProxy({ host: '127.0.0.1', port })
    onTestFinished(() => proxy.stop())
    const authority = trusting(ca)
    const kubeConfig = makeKubeConfig(`https://127.0.0.1:${proxy.port}`, {}, authority)
    expect(await failureOf(kubeConfig)).toMatchObject(UNANSWERED)
  })

  test('a proxied connection that breaks after the request is indeterminate', async () => {
    const { ca, server } = await makeCertificates()
    const api = await listen(createHttpsServer(server, ({ socket }) => socket.destroy()))
    const proxy = createHttpServer().on('connect', (_request, socket) => {
      const upstream = connect(api.port, '127.0.0.1')
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      pipeline(socket, upstream, socket, () => {})
    })
    const { port } = await listen(proxy)
    const authority = trusting(ca)
    const kubeConfig = throughProxy(`https://127.0.0.1:${api.port}`, port, authority)
    expect(await failureOf(kubeConfig)).toMatchObject(UNANSWERED)
  })

  test('a server that stays silent is indeterminate', async () => {
    const { url } = await startServer(() => {})
    expect(await failureOf(makeKubeConfig(url))).toEqual({ ...UNANSWERED, code: 'UND_ERR_HEADERS_TIMEOUT' })
  })
})

/** The failure of a create that gets no response. */
async function failureOf(kubeConfig: string): Promise<object> {
  const send = makeTransport(kubeConfig)
  const error = await send({ method: 'POST', path: '/jobs', body: {}, timeoutMs: 500 }).catch(
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof NoAnswerError)) throw new Error('got a response', { cause: error })
  return { missing: error.missing, code: error.code, indeterminate: isIndeterminate(error) }
}

function throughProxy(server: string, port: number, cluster: object = {}): string {
  return makeKubeConfig(server, {}, { ...cluster, 'proxy-url': `http://127.0.0.1:${port}` })
}
