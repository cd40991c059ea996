import { createSecureServer } from 'node:http2'
import { freePort, makeCertificates, startProxy } from '@opifer/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { makeKubeConfig, makeTransport, parseKubeConfig, trusting } from '../../testing/cluster.ts'
import { startServer, listen } from '../../testing/server.ts'
import { createCredentials } from './credentials.ts'
import { createTransport } from './transport.ts'

const get = { method: 'GET', path: '/jobs' } as const

test('calls share a few connections', async () => {
  const server = await startServer((_request, response) => response.end('{}'))
  const send = makeTransport(makeKubeConfig(server.url))
  const call = async () => (await send(get)).body.json()
  for (let count = 0; count < 50; count++) await call()
  // A call may start before the connection of the previous one is free again.
  expect(server.connections()).toBeLessThanOrEqual(2)
  for (let count = 0; count < 20; count++) await Promise.all(Array.from({ length: 10 }, call))
  expect(server.requests).toHaveLength(250)
  expect(server.connections()).toBeLessThanOrEqual(20)
})

test('a request has its credentials, content types, user agent and query', async () => {
  const { promise: seen, resolve: see } = Promise.withResolvers<object>()
  const server = await startServer((request, response) => {
    void request.toArray().then((chunks) => {
      const { url, method, headers } = request
      see({ url, method, headers, body: Buffer.concat(chunks).toString() })
      response.end('{}')
    })
  })
  const send = makeTransport(makeKubeConfig(`${server.url}/k8s/clusters/c-1/`, { token: 'secret' }))
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
  { silence: 'before the response', begin: false, want: 'UND_ERR_HEADERS_TIMEOUT' },
  { silence: 'within the response', begin: true, want: 'UND_ERR_BODY_TIMEOUT' },
])('silence $silence fails the call', async ({ begin, want }) => {
  const server = await startServer((_request, response) => void (begin && response.write('{')))
  const send = makeTransport(makeKubeConfig(server.url))
  const call = async () => (await send({ ...get, timeoutMs: 100 })).body.json()
  await expect(call()).rejects.toMatchObject({ code: want })
})

test('aborting a call ends it and closes its connection', async () => {
  const abort = new AbortController()
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  const server = await startServer((request) => {
    request.socket.once('close', close)
    abort.abort()
  })
  const send = makeTransport(makeKubeConfig(server.url))
  await expect(send({ ...get, signal: abort.signal })).rejects.toThrow('aborted')
  await closed
})

test('a broken connection fails the call, and the next call opens a new one', async () => {
  const server = await startServer((request, response) => {
    if (server.requests.length === 1) request.socket.destroy()
    else response.end('{}')
  })
  const send = makeTransport(makeKubeConfig(server.url))
  await expect(send(get)).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' })
  expect(await (await send(get)).body.json()).toEqual({})
})

test('a refused connection fails the call at once', async () => {
  const send = makeTransport(makeKubeConfig(`http://127.0.0.1:${await freePort()}`))
  await expect(send(get)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a 401 makes the next call reload the credentials', async () => {
  let token = 'first'
  const server = await startServer(({ headers }, response) => {
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

test('calls over HTTP/2, which the API server speaks, share one connection and replace it when it hangs', async () => {
  const { ca, server } = await makeCertificates()
  const versions = new Set<string>()
  const http2 = createSecureServer(server, (request, response) => {
    versions.add(request.httpVersion)
    response.end('{}')
  })
  const { port, connections } = await listen(http2)
  const proxy = await startProxy({ host: '127.0.0.1', port })
  onTestFinished(() => proxy.stop())
  const send = makeTransport(makeKubeConfig(`https://127.0.0.1:${proxy.port}`, {}, trusting(ca)))
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
