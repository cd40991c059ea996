import { once } from 'node:events'
import { STATUS_CODES } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { makeAlert, makeWebhook } from '@opifer/core/testing'
import { type HttpServer, serveHttp } from '@opifer/platform/http'
import { freePort, loadFixture, type RedisServer, startRedis, statusOf } from '@opifer/testkit'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openIngest, type OpenIngest } from './testing/open-ingest.ts'

const LIMIT = 4_096
const SETTINGS = { maxBodyBytes: String(LIMIT) }

let server: RedisServer
/** For tests that need no other settings. */
let shared: OpenIngest

beforeAll(async () => {
  server = await startRedis()
  shared = openIngest(server.url, SETTINGS)
  await shared.ready()
})

afterEach(() => server.flush())

afterAll(async () => {
  await shared.close()
  await server.stop()
})

async function startIngest(settings: Record<string, string> = {}, url = server.url): Promise<OpenIngest> {
  const ingest = openIngest(url, { ...SETTINGS, ...settings })
  onTestFinished(() => ingest.close())
  if (url === server.url) await ingest.ready()
  return ingest
}

const JSON_TYPE = { 'Content-Type': 'application/json' }

type Body = string | Uint8Array<ArrayBuffer>

async function post(body: Body, headers: Record<string, string> = JSON_TYPE, { app } = shared): Promise<Response> {
  return app.request('/alerts', { method: 'POST', body, headers })
}

const webhookText = (overrides = {}) => JSON.stringify(makeWebhook(overrides))

/** The response as an RFC 9457 problem. */
async function problemOf(response: Response) {
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  return { code: response.status, ...((await response.json()) as Record<string, unknown>) }
}

const problem = (status: number, detail: RegExp) => ({
  code: status,
  type: 'about:blank',
  title: STATUS_CODES[status],
  status,
  detail: expect.stringMatching(detail),
})

const readinessOf = async ({ app }: OpenIngest) => {
  const response = await app.request('/readiness')
  return [response.status, await response.text()]
}

describe('202', () => {
  test('answers 202 with a receipt for each alert', async () => {
    const response = await post(loadFixture('alertmanager/firing-group-with-one-resolved.json'))
    expect(response.status).toBe(202)
    expect(await response.json()).toEqual({
      alerts: [
        {
          alertname: 'DiskSpaceLow',
          status: 'firing',
          fingerprint: 'f50231e3d4238e6b',
          result: 'enqueued',
          runId: expect.any(String),
        },
        {
          alertname: 'DiskSpaceLow',
          status: 'resolved',
          fingerprint: '32f550632570f8de',
          result: 'enqueued',
          runId: expect.any(String),
        },
      ],
      truncatedAlerts: 0,
    })
  })

  test("accepts the minimal webhook of the Operarios guide and computes the alert's fingerprint", async () => {
    const response = await post(loadFixture('operarios-guide/test-alert.json'))
    expect(response.status).toBe(202)
    expect(await response.json()).toMatchObject({
      alerts: [{ result: 'enqueued', fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) }],
    })
  })

  test.each([
    ['a group of no alerts', webhookText({ alerts: [] })],
    ['unknown fields', webhookText({ routeLabels: { team: 'a' }, next: [{}] })],
    ['a byte order mark', `\ufeff${webhookText()}`],
    ['an invalid alert', webhookText({ alerts: [makeAlert(), 'wrong'] })],
  ])('accepts %s', async (_, body) => {
    expect((await post(body)).status).toBe(202)
  })

  test.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/vnd.am+json'])(
    'accepts the Content-Type %s',
    async (type) => {
      expect((await post(webhookText(), { 'Content-Type': type })).status).toBe(202)
    },
  )

  test('accepts a body of exactly the maximum size', async () => {
    const body = webhookText()
    expect((await post(body.padEnd(LIMIT))).status).toBe(202)
  })
})

describe('400', () => {
  test.each<[what: string, body: Body, detail: RegExp]>([
    ['an empty body', '', /^the body is not JSON: truncated or malformed$/],
    ['text that is not JSON', 'alert!', /^the body is not JSON: truncated or malformed$/],
    ['a truncated body', webhookText().slice(0, -1), /^the body is not JSON: truncated or malformed$/],
    ['two webhooks', webhookText() + webhookText(), /^the body is not JSON/],
    [
      'a body that is not UTF-8',
      Buffer.from(webhookText().replace('DiskSpaceLow', 'Ä'), 'latin1'),
      /^the body is not JSON: not UTF-8$/,
    ],
    ['UTF-16', Buffer.from(webhookText(), 'utf16le'), /^the body is not JSON/],
    ['null', 'null', /body must be a JSON object/],
    ['a list', '[]', /body must be a JSON object/],
    ['another version', webhookText({ version: '3' }), /version must be "4"/],
    ['a version that is a number', webhookText({ version: 4 }), /version must be "4"/],
    ['no version', webhookText({ version: undefined }), /version must be "4"/],
    ['no groupKey', webhookText({ groupKey: undefined }), /groupKey must be a string/],
    ['an empty groupKey', webhookText({ groupKey: '' }), /groupKey must not be empty/],
    ['no receiver', webhookText({ receiver: undefined }), /receiver must be a string/],
    ['no alerts', webhookText({ alerts: undefined }), /alerts must be a list of alerts/],
    ['alerts that are not a list', webhookText({ alerts: { 0: makeAlert() } }), /alerts must be a list of alerts/],
    ['an empty object', '{}', /version must be "4".*; groupKey must be a string; receiver .*; alerts must be/],
  ])('answers 400 with the reason to %s', async (_, body, detail) => {
    expect(await problemOf(await post(body))).toEqual(problem(400, detail))
  })

  test('answers 400 without quoting the body', async () => {
    expect(await (await post('{"s3cret')).text()).not.toContain('s3cret')
  })
})

describe('precedence', () => {
  const large = 'x'.repeat(LIMIT + 1)

  test('checks credentials before anything else', async () => {
    const ingest = await startIngest({ authMethod: 'bearer', authBearerToken: 'token' })
    const response = await post(large, { 'Content-Type': 'text/plain' }, ingest)
    expect(await problemOf(response)).toEqual(problem(401, /^the Authorization header needs valid bearer credentials/))
    expect(response.headers.get('WWW-Authenticate')).toMatch(/^Bearer/)
    expect((await post(webhookText(), { ...JSON_TYPE, Authorization: 'Bearer token' }, ingest)).status).toBe(202)
  })

  test('checks the size before the contents', async () => {
    expect(await problemOf(await post(large))).toEqual(
      problem(413, /^the body is larger than 4096 bytes; raise --maxBodyBytes/),
    )
  })
})

describe('415', () => {
  test.each<[headers: Record<string, string>, detail: RegExp]>([
    [{ 'Content-Type': 'text/plain' }, /must be application\/json, not "text\/plain"/],
    [{ 'Content-Type': '' }, /must be application\/json, not ""/],
    [{ 'Content-Type': 'application/jsonp' }, /must be application\/json/],
    [{ 'Content-Type': 'application/x-www-form-urlencoded' }, /must be application\/json/],
    [{ ...JSON_TYPE, 'Content-Encoding': 'gzip' }, /Content-Encoding is not supported/],
  ])('answers 415 to %j', async (headers, detail) => {
    expect(await problemOf(await post(webhookText(), headers))).toEqual(problem(415, detail))
  })

  test('accepts the Content-Encoding identity', async () => {
    expect((await post(webhookText(), { ...JSON_TYPE, 'Content-Encoding': 'Identity' })).status).toBe(202)
  })
})

describe('other requests', () => {
  test.each(['/', '/alert', '/alerts/', '/alerts/1', '/metrics/../etc'])('answers 404 to %s', async (path) => {
    expect(await problemOf(await shared.app.request(path))).toEqual(problem(404, /^not found; try \/alerts, /))
  })

  test.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])('answers 405 to %s', async (method) => {
    const response = await shared.app.request('/alerts', { method })
    expect(response.headers.get('Allow')).toBe('GET, POST')
    expect(await problemOf(response)).toEqual(problem(405, /only GET and POST/))
  })

  test('answers "OK" to GET /alerts, like OpenFero', async () => {
    const response = await shared.app.request('/alerts')
    expect([response.status, await response.json()]).toEqual([200, 'OK'])
  })
})

describe('health', () => {
  test('is healthy and ready while Redis is up', async () => {
    expect((await shared.app.request('/healthz')).status).toBe(200)
    expect(await readinessOf(shared)).toEqual([200, 'ok'])
  })

  test('is healthy but not ready while Redis is down', async () => {
    const ingest = await startIngest({}, `redis://127.0.0.1:${await freePort()}`)
    expect((await ingest.app.request('/healthz')).status).toBe(200)
    expect(await readinessOf(ingest)).toEqual([503, 'Redis is not connected'])
  })

  test('is not ready while Redis is silent, and ready again afterwards', async () => {
    const own = await startRedis()
    onTestFinished(() => own.stop())
    const ingest = await startIngest({}, own.url)
    await expect.poll(() => readinessOf(ingest)).toEqual([200, 'ok'])
    own.pause()
    expect(await readinessOf(ingest)).toEqual([503, expect.stringContaining('Redis')])
    own.resume()
    await expect.poll(() => readinessOf(ingest)).toEqual([200, 'ok'])
  })
})

describe('503', () => {
  test('answers 503 while Redis is down, and 202 once it is up', async () => {
    const port = await freePort()
    const ingest = await startIngest({}, `redis://127.0.0.1:${port}`)
    expect(await problemOf(await post(webhookText(), JSON_TYPE, ingest))).toEqual(
      problem(503, /^Redis is not connected; send the webhook again$/),
    )
    const late = await startRedis({ port })
    onTestFinished(() => late.stop())
    await expect.poll(async () => (await post(webhookText(), JSON_TYPE, ingest)).status).toBe(202)
  })

  test('answers 400, not 503, to invalid JSON while Redis is down', async () => {
    const ingest = await startIngest({}, `redis://127.0.0.1:${await freePort()}`)
    expect((await post('{', JSON_TYPE, ingest)).status).toBe(400)
  })
})

test('/metrics counts webhooks by status code and alerts by result', async () => {
  const ingest = await startIngest()
  const body = webhookText({
    alerts: [makeAlert({ labels: { i: '1' } }), makeAlert({ labels: { i: '2' } })],
    truncatedAlerts: 3,
  })
  await post(body, JSON_TYPE, ingest)
  await post(body, JSON_TYPE, ingest)
  await post('{', JSON_TYPE, ingest)
  await post('{', { 'Content-Type': 'text/plain' }, ingest)
  await ingest.app.request('/alerts')

  const response = await ingest.app.request('/metrics')
  expect(response.headers.get('Content-Type')).toMatch(/^text\/plain/)
  const lines = (await response.text()).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'opifer_webhooks_total{code="202"} 2',
      'opifer_webhooks_total{code="400"} 1',
      'opifer_webhooks_total{code="415"} 1',
      'opifer_webhook_duration_seconds_count 4',
      'opifer_alerts_total{result="enqueued"} 2',
      'opifer_alerts_total{result="deduplicated"} 2',
      'opifer_truncated_alerts_total 6',
    ]),
  )
})

test('several instances share only Redis', async () => {
  const instances = await Promise.all([1, 2, 3].map(() => startIngest()))
  const answers = await Promise.all(instances.map((ingest) => post(webhookText(), JSON_TYPE, ingest)))
  const receipts = await Promise.all(
    answers.map(async (answer) => {
      const { alerts } = (await answer.json()) as { alerts: { result: string; runId: string }[] }
      return alerts[0]
    }),
  )
  expect(receipts.filter((receipt) => receipt?.result === 'enqueued')).toHaveLength(1)
  expect(new Set(receipts.map((receipt) => receipt?.runId)).size).toBe(1)
})

const head = (...headers: string[]) =>
  ['POST /alerts HTTP/1.1', 'Host: a', 'Content-Type: application/json', ...headers, '', ''].join('\r\n')

const chunk = (data: string) => `${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n`

async function webhooksCounted(code: string): Promise<number> {
  const metrics = await (await shared.app.request('/metrics')).text()
  const [, count = 0] = new RegExp(`^opifer_webhooks_total\\{code="${code}"\\} (\\d+)$`, 'm').exec(metrics) ?? []
  return Number(count)
}

describe('over a real connection', () => {
  let http: HttpServer

  beforeAll(async () => {
    http = await serveHttp(shared.app, { host: '127.0.0.1', port: 0 })
  })

  afterAll(() => http.close())

  async function openSocket(): Promise<Socket> {
    const socket = connect(http.address)
    socket.on('error', () => {})
    onTestFinished(() => {
      socket.destroy()
    })
    await once(socket, 'connect')
    return socket
  }

  /** The response to bytes sent in pieces. */
  async function answerTo(...pieces: string[]): Promise<string> {
    const socket = await openSocket()
    for (const piece of pieces) socket.write(piece)
    const [answer] = await once(socket, 'data')
    return String(answer)
  }

  test('accepts a chunked body', async () => {
    const [start, end] = [webhookText().slice(0, 50), webhookText().slice(50)]
    const answer = await answerTo(head('Transfer-Encoding: chunked'), chunk(start), chunk(end), '0\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 202 /)
  })

  test('rejects a chunked body as soon as it is too large', async () => {
    const answer = await answerTo(head('Transfer-Encoding: chunked'), chunk('x'.repeat(LIMIT)), chunk('x'))
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('rejects a too large Content-Length before the body is sent', async () => {
    expect(await answerTo(head(`Content-Length: ${LIMIT + 1}`))).toMatch(/^HTTP\/1\.1 413 /)
  })

  test.each([
    ['sent in chunks', (body: string) => ({ body: new Blob([body]).stream(), duplex: 'half' as const })],
    ['of known length', (body: string) => ({ body })],
  ])('answers 413 to a far too large body %s', async (_, init) => {
    const { host, port } = http.address
    const body = init('x'.repeat(8 * 1024 * 1024))
    const status = await statusOf(`http://${host}:${port}/alerts`, { method: 'POST', headers: JSON_TYPE, ...body })
    expect(status).toBe(413)
  })

  test('rejects Content-Length together with chunks', async () => {
    const answer = await answerTo(head('Content-Length: 2', 'Transfer-Encoding: chunked'), chunk('x'.repeat(LIMIT + 1)))
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  })

  test.each([
    ['of known length', head('Content-Length: 100')],
    ['sent in chunks', head('Transfer-Encoding: chunked') + chunk('{')],
  ])('counts a client that disconnects during a body %s as 408', async (_, sent) => {
    const before = await webhooksCounted('408')
    const socket = await openSocket()
    socket.write(sent)
    // A later request was answered, so the earlier bytes have arrived.
    await answerTo(head('Content-Length: 2'), '{}')
    socket.destroy()
    await expect.poll(() => webhooksCounted('408')).toBe(before + 1)
  })

  test('answers two webhooks on one connection', async () => {
    const socket = await openSocket()
    const body = webhookText()
    socket.write(`${head(`Content-Length: ${body.length}`)}${body}`)
    socket.write(`${head(`Content-Length: ${body.length}`, 'Connection: close')}${body}`)
    expect((await text(socket)).match(/HTTP\/1\.1 202 /g)).toHaveLength(2)
  })
})
