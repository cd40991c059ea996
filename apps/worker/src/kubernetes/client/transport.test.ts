import { createSecureServer } from 'node:http2'
import { makeCertificates, startProxy } from '@opifer/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { base64 } from '../../testing/base64.ts'
import { givenTransport, makeKubeConfig, parseKubeConfig } from '../../testing/cluster.ts'
import { givenServer, listen } from '../../testing/server.ts'
import { createCredentials } from './credentials.ts'
import { createTransport } from './transport.ts'

const get = { method: 'GET', path: '/jobs' } as const

test('many calls go over few connections', async () => {
  const server = await givenServer((_request, response) => response.end('{}'))
  const send = givenTransport(makeKubeConfig(server.url))
  const call = async () => (await send(get)).body.json()
  for (let count = 0; count < 50; count++) await call()
  // A call may begin before the connection of the one before it is free again.
  expect(server.connections()).toBeLessThanOrEqual(2)
  for (let count = 0; count < 20; count++) await Promise.all(Array.from({ length: 10 }, call))
  expect(server.requests).toHaveLength(250)
  expect(server.connections()).toBeLessThanOrEqual(20)
})

test('says who it is, what it takes and what it sends', async () => {
  const { promise: seen, resolve: see } = Promise.withResolvers<object>()
  const server = await givenServer((request, response) => {
    void request.toArray().then((chunks) => {
      const { url, method, headers } = request
      see({ url, method, headers, body: Buffer.concat(chunks).toString() })
      response.end('{}')
    })
  })
  const send = givenTransport(makeKubeConfig(`${server.url}/k8s/clusters/c-1/`, { token: 'secret' }))
  const query = { labelSelector: 'a=b,c in (d)', limit: 500, watch: true, continue: undefined }
  await (await send({ method: 'POST', path: '/jobs', query, body: { name: 'über' } })).body.dump()
  expect(await seen).toMatchObject({
    url: '/k8s/clusters/c-1/jobs?labelSelector=a%3Db%2Cc+in+%28d%29&limit=500&watch=true',
    method: 'POST',
    body: '{"name":"über"}',
    headers: {
      authorization: 'Bearer secret',
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': 'opifer-test',
    },
  })
})

test.each([
  { silence: 'before the answer', begin: false, want: 'UND_ERR_HEADERS_TIMEOUT' },
  { silence: 'in the middle of the answer', begin: true, want: 'UND_ERR_BODY_TIMEOUT' },
])('silence $silence ends the call', async ({ begin, want }) => {
  const server = await givenServer((_request, response) => void (begin && response.write('{')))
  const send = givenTransport(makeKubeConfig(server.url))
  const call = async () => (await send({ ...get, timeoutMs: 100 })).body.json()
  await expect(call()).rejects.toMatchObject({ code: want })
})

test('a call that is aborted ends at once, and its connection with it', async () => {
  const abort = new AbortController()
  const { promise: gone, resolve: leave } = Promise.withResolvers<void>()
  const server = await givenServer((request) => {
    request.socket.once('close', leave)
    abort.abort()
  })
  const send = givenTransport(makeKubeConfig(server.url))
  await expect(send({ ...get, signal: abort.signal })).rejects.toThrow('aborted')
  await gone
})

test('a connection that breaks ends the call, and the next one goes over a new one', async () => {
  const server = await givenServer((request, response) => {
    if (server.requests.length === 1) request.socket.destroy()
    else response.end('{}')
  })
  const send = givenTransport(makeKubeConfig(server.url))
  await expect(send(get)).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' })
  expect(await (await send(get)).body.json()).toEqual({})
})

test('nobody there is an error, not a wait', async () => {
  const send = givenTransport(makeKubeConfig('http://127.0.0.1:1'))
  await expect(send(get)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('after a 401 the credentials are asked for anew', async () => {
  let token = 'first'
  const server = await givenServer(({ headers }, response) => {
    response.writeHead(headers.authorization === 'Bearer second' ? 200 : 401).end()
  })
  const credentials = createCredentials(() => parseKubeConfig(makeKubeConfig(server.url, { token })))
  onTestFinished(() => credentials.close())
  const send = createTransport(credentials, 'opifer-test')
  const status = async () => {
    const { statusCode, body } = await send(get)
    await body.dump()
    return statusCode
  }
  expect(await status()).toBe(401)
  token = 'second'
  expect(await status()).toBe(200)
})

test('a server that speaks HTTP/2, as the API server does, gets one connection, and a new one when that is stuck', async () => {
  const { ca, server } = await makeCertificates()
  const versions = new Set<string>()
  const http2 = createSecureServer(server, (request, response) => {
    versions.add(request.httpVersion)
    response.end('{}')
  })
  const { port, connections } = await listen(http2)
  const proxy = await startProxy({ host: '127.0.0.1', port })
  onTestFinished(() => proxy.stop())
  const send = givenTransport(
    makeKubeConfig(`https://127.0.0.1:${proxy.port}`, {}, { 'certificate-authority-data': base64(ca) }),
  )
  const call = async (timeoutMs = 10_000) => (await send({ ...get, timeoutMs })).body.json()
  for (let count = 0; count < 10; count++) await Promise.all(Array.from({ length: 10 }, () => call()))
  expect([...versions]).toEqual(['2.0'])
  expect(connections()).toBe(1)

  proxy.stall()
  await expect(call(500)).rejects.toMatchObject({ code: 'UND_ERR_HEADERS_TIMEOUT' })
  const next = call()
  proxy.restore()
  expect(await next).toEqual({})
})
