import { createServer as createHttpServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer as createTcpServer, type Server } from 'node:net'
import { pipeline } from 'node:stream'
import type { SecureContextOptions } from 'node:tls'
import { makeCertificates, startProxy } from '@opifer/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { base64 } from '../../testing/base64.ts'
import { givenTransport, makeKubeConfig } from '../../testing/cluster.ts'
import { givenServer, listen } from '../../testing/server.ts'
import { mayBeDone, NoAnswerError } from './errors.ts'

const UNSENT = { missing: 'connection', mayBeDone: false }
const UNANSWERED = { missing: 'answer', mayBeDone: true }

describe('nothing was sent', () => {
  test('to nobody', async () => {
    expect(await failureOf(makeKubeConfig('https://127.0.0.1:1'))).toEqual({ ...UNSENT, code: 'ECONNREFUSED' })
  })

  test('to who closes every connection, as a load balancer that has nobody to pass it on to', async () => {
    const { port } = await listen(createTcpServer((socket) => void socket.on('error', () => {}).destroy()))
    expect(await failureOf(makeKubeConfig(`https://127.0.0.1:${port}`))).toMatchObject(UNSENT)
  })

  test('to a server whose certificate is refused', async () => {
    const { ca, server } = await makeCertificates()
    const { port } = await listen(createSecureServer(server))
    const ofUnknown = makeKubeConfig(`https://127.0.0.1:${port}`)
    expect(await failureOf(ofUnknown)).toEqual({ ...UNSENT, code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' })
    const ofAnother = makeKubeConfig(`https://localhost:${port}`, {}, { 'certificate-authority-data': base64(ca) })
    expect(await failureOf(ofAnother)).toEqual({ ...UNSENT, code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })

  test('through a proxy that does not let it through', async () => {
    const proxy = createHttpServer().on('connect', (_request, socket) => {
      socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n')
    })
    const { port } = await listen(proxy)
    expect(await failureOf(throughProxy('https://127.0.0.1:6443', port))).toMatchObject(UNSENT)
  })

  test('without credentials', async () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/missing/plug-in', args: [] }
    const failure = await failureOf(makeKubeConfig('https://127.0.0.1:6443', { exec }))
    expect(failure).toEqual({ missing: 'credentials', code: 'ENOENT', mayBeDone: false })
  })
})

describe('nobody knows what became of what was sent', () => {
  test.each([
    { version: 'HTTP/1.1', create: (options: SecureContextOptions) => createHttpsServer(options) },
    { version: 'HTTP/2', create: (options: SecureContextOptions) => createSecureServer(options) },
  ])('on a connection that broke after it, by $version', async ({ create }) => {
    const { ca, server } = await makeCertificates()
    const listener: Server = create(server).on('request', () => proxy.cut())
    const { port } = await listen(listener)
    const proxy = await startProxy({ host: '127.0.0.1', port })
    onTestFinished(() => proxy.stop())
    const authority = { 'certificate-authority-data': base64(ca) }
    const kubeConfig = makeKubeConfig(`https://127.0.0.1:${proxy.port}`, {}, authority)
    expect(await failureOf(kubeConfig)).toMatchObject(UNANSWERED)
  })

  test('through a proxy, on a connection that broke after it', async () => {
    const { ca, server } = await makeCertificates()
    const api = await listen(createHttpsServer(server, ({ socket }) => socket.destroy()))
    const proxy = createHttpServer().on('connect', (_request, socket) => {
      const upstream = connect(api.port, '127.0.0.1')
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      pipeline(socket, upstream, socket, () => {})
    })
    const { port } = await listen(proxy)
    const authority = { 'certificate-authority-data': base64(ca) }
    const kubeConfig = throughProxy(`https://127.0.0.1:${api.port}`, port, authority)
    expect(await failureOf(kubeConfig)).toMatchObject(UNANSWERED)
  })

  test('to a server that stays silent', async () => {
    const { url } = await givenServer(() => {})
    expect(await failureOf(makeKubeConfig(url))).toEqual({ ...UNANSWERED, code: 'UND_ERR_HEADERS_TIMEOUT' })
  })
})

/** What is known of a create that gets no answer. */
async function failureOf(kubeConfig: string): Promise<object> {
  const send = givenTransport(kubeConfig)
  const error = await send({ method: 'POST', path: '/jobs', body: {}, timeoutMs: 500 }).catch(
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof NoAnswerError)) throw new Error('there was an answer', { cause: error })
  return { missing: error.missing, code: error.code, mayBeDone: mayBeDone(error) }
}

function throughProxy(server: string, port: number, cluster: object = {}): string {
  return makeKubeConfig(server, {}, { ...cluster, 'proxy-url': `http://127.0.0.1:${port}` })
}
