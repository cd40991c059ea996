import { makeAlert, makeWebhook } from '@opifer/core/testing'
import { type RedisServer, startRedis } from '@opifer/testkit'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openIngest, type OpenIngest } from './testing/open-ingest.ts'

let server: RedisServer
let ingest: OpenIngest

beforeAll(async () => {
  server = await startRedis()
  ingest = openIngest(server.url)
  await ingest.ready()
})

afterAll(async () => {
  await ingest.close()
  await server.stop()
})

type Body = string | Uint8Array<ArrayBuffer>

async function statusOf(body: Body, type = 'application/json'): Promise<number> {
  const response = await ingest.app.request('/alerts', { method: 'POST', body, headers: { 'Content-Type': type } })
  await response.arrayBuffer()
  return response.status
}

/** Redis is up, so 503 would be wrong too: Alertmanager would retry forever. */
const ANSWERS = [202, 400, 413, 415]

const hostileText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    '\ud800',
    '\udc00',
    '\u0000',
    '',
    ':',
    '{{.}}',
    '$(A)',
    'x'.repeat(70_000),
  ),
)

const json = fc.oneof(fc.jsonValue({ maxDepth: 4 }), hostileText)

const orAnything = <T>(valid: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: valid }, { weight: 1, arbitrary: json })

const time = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom(
    '0001-01-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-11-23T03:58:54.050894278+02:00',
    '9999-12-31T23:59:60Z',
    '',
  ),
)

const alert = fc.record(
  {
    status: orAnything(fc.constantFrom('firing', 'resolved')),
    labels: orAnything(fc.dictionary(fc.oneof(fc.constant('alertname'), hostileText), orAnything(hostileText))),
    annotations: orAnything(fc.dictionary(hostileText, hostileText)),
    startsAt: orAnything(time),
    endsAt: orAnything(time),
    generatorURL: orAnything(hostileText),
    fingerprint: orAnything(hostileText),
  },
  { requiredKeys: [] },
)

const webhook = fc.record(
  {
    version: fc.oneof({ weight: 9, arbitrary: fc.constant('4') }, { weight: 1, arbitrary: json }),
    groupKey: orAnything(hostileText),
    receiver: orAnything(hostileText),
    truncatedAlerts: orAnything(fc.oneof(fc.maxSafeNat(), fc.double())),
    alerts: orAnything(fc.array(orAnything(alert), { maxLength: 4 })),
  },
  { requiredKeys: ['version', 'alerts'] },
)

describe('any POST', () => {
  test.each<[what: string, body: fc.Arbitrary<Body>]>([
    ['bytes', fc.uint8Array({ maxLength: 2_000 })],
    ['JSON', json.map((value) => JSON.stringify(value))],
    ['webhook-shaped JSON', webhook.map((value) => JSON.stringify(value))],
    ['a webhook with bytes changed', fc.uint8Array({ maxLength: 20 }).map(scramble)],
  ])('answers any %s with 202, 400, 413 or 415', async (_, body) => {
    await fc.assert(
      fc.asyncProperty(body, async (bytes) => {
        expect(ANSWERS).toContain(await statusOf(bytes))
      }),
      { numRuns: 300 },
    )
  })

  test('answers any Content-Type with 202, 400, 413 or 415', async () => {
    const type = fc.string({ unit: fc.constantFrom('application', '/', 'json', '+', ';', '=', ' ', '"', ',') })
    await fc.assert(
      fc.asyncProperty(type, async (value) => {
        expect(ANSWERS).toContain(await statusOf('{}', value))
      }),
    )
  })
})

test('always accepts a webhook of valid alerts', async () => {
  const labels = fc.dictionary(hostileText, hostileText, { maxKeys: 3 })
  await fc.assert(
    fc.asyncProperty(fc.array(labels, { maxLength: 4 }), async (sets) => {
      const alerts = sets.map((set) => makeAlert({ labels: set }))
      expect(await statusOf(JSON.stringify(makeWebhook({ alerts })))).toBe(202)
    }),
    { numRuns: 200 },
  )
})

test.each<[what: string, body: string]>([
  ['the body', '['.repeat(1_000_000)],
  ['the body, closed', '['.repeat(1_000_000) + ']'.repeat(1_000_000)],
  ['an alert', JSON.stringify(makeWebhook({ alerts: ['@'] })).replace('"@"', nest(1_000_000))],
  [
    'a label',
    JSON.stringify(makeWebhook({ alerts: [{ status: 'firing', labels: { a: '@' } }] })).replace('"@"', nest(1_000_000)),
  ],
  ['a field that is not used', JSON.stringify(makeWebhook({ next: '@' })).replace('"@"', nest(1_000_000))],
])('answers 202 or 400 to excessive nesting in %s', async (_, body) => {
  expect([202, 400]).toContain(await statusOf(body))
})

function nest(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}

function scramble(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode(JSON.stringify(makeWebhook()))
  for (const [index, byte] of bytes.entries()) body[(index * 7919 + byte * 31) % body.length] = byte
  return body
}
