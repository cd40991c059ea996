import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeWebhook } from '../testing/builders.ts'
import { isInvalid } from './alert.ts'
import { parseWebhook, type Webhook } from './webhook.ts'

/** The body of the Operarios guide ("Integration Testing"), verbatim. */
const GUIDE_BODY = `{
  "version": "4",
  "groupKey": "test-group",
  "status": "firing",
  "receiver": "openfero",
  "alerts": [{
    "status": "firing",
    "labels": {
      "alertname": "DiskSpaceLow",
      "severity": "warning",
      "instance": "node-1",
      "mountpoint": "/var/log"
    },
    "annotations": {
      "description": "Disk space is running low"
    }
  }]
}`

const captured = new URL('../testing/fixtures/firing-group-with-one-resolved.json', import.meta.url)

test('parseWebhook accepts the minimal body of the guide', () => {
  expect(accepted(JSON.parse(GUIDE_BODY))).toMatchObject({
    receiver: 'openfero',
    groupKey: 'test-group',
    truncatedAlerts: 0,
    alerts: [{ alertname: 'DiskSpaceLow', status: 'firing', fingerprint: 'f50231e3d4238e6b' }],
  })
})

test('parseWebhook accepts a webhook of Alertmanager 0.33.1, each alert with its own status', () => {
  const { alerts, groupKey } = accepted(JSON.parse(readFileSync(captured, 'utf8')))
  expect(groupKey).toBe('{}:{alertname="DiskSpaceLow", severity="warning"}')
  expect(alerts).toMatchObject([
    { status: 'firing', fingerprint: 'f50231e3d4238e6b', startsAt: '2026-11-23T03:58:54.050894278Z' },
    { status: 'resolved', fingerprint: '32f550632570f8de', endsAt: '2026-11-23T03:58:56Z' },
  ])
  expect(alerts[0]).toHaveProperty('endsAt', undefined)
})

test('parseWebhook ignores unknown fields, such as those of newer Alertmanagers', () => {
  const body = makeWebhook({ notification_reason: 'first notification', routeLabels: { a: 'b' }, whatever: null })
  expect(accepted(body).alerts).toHaveLength(1)
})

test('parseWebhook keeps the group of an invalid alert', () => {
  const body = makeWebhook()
  const { alerts } = accepted({
    ...body,
    alerts: [...body.alerts, { status: 'firing', labels: {} }, 7, ...body.alerts],
  })
  expect(alerts.map(isInvalid)).toEqual([false, true, true, false])
})

test('parseWebhook accepts a group without alerts', () => {
  expect(accepted(makeWebhook({ alerts: [] })).alerts).toEqual([])
})

test.each([
  [3, 3],
  [undefined, 0],
  [null, 0],
  [-1, 0],
  ['many', 0],
])('parseWebhook reads %j truncated alerts as %i', (truncatedAlerts, want) => {
  expect(accepted(makeWebhook({ truncatedAlerts })).truncatedAlerts).toBe(want)
})

test.each([
  ['null', null, 'body must be a JSON object'],
  ['a list', [], 'body must be a JSON object'],
  ['text', 'webhook', 'body must be a JSON object'],
  ['no version', makeWebhook({ version: undefined }), 'version must be "4", the webhook format of Alertmanager'],
  ['another version', makeWebhook({ version: '5' }), 'version must be "4", the webhook format of Alertmanager'],
  ['no groupKey', makeWebhook({ groupKey: undefined }), 'groupKey must be a string'],
  ['an empty groupKey', makeWebhook({ groupKey: '' }), 'groupKey must not be empty'],
  ['a huge groupKey', makeWebhook({ groupKey: 'x'.repeat(8_193) }), 'groupKey is longer than 8192 characters'],
  ['no receiver', makeWebhook({ receiver: undefined }), 'receiver must be a string'],
  ['a huge receiver', makeWebhook({ receiver: 'x'.repeat(1_025) }), 'receiver is longer than 1024 characters'],
  ['no alerts', { ...makeWebhook(), alerts: undefined }, 'alerts must be a list of alerts'],
  [
    'too many alerts',
    { ...makeWebhook(), alerts: Array.from({ length: 20_001 }, () => ({})) },
    'alerts has more than 20000 alerts; group by more labels',
  ],
  ['alerts that are not a list', { ...makeWebhook(), alerts: {} }, 'alerts must be a list of alerts'],
])('parseWebhook rejects a body with %s', (_, body, want) => {
  expect(parseWebhook(body)).toEqual({ ok: false, errors: [want] })
})

test('parseWebhook reports all errors at once', () => {
  expect(parseWebhook({})).toMatchObject({ errors: { length: 4 } })
})

test('parseWebhook keeps every alert, whatever it contains', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (alerts) => {
      expect(accepted(makeWebhook({ alerts })).alerts).toHaveLength(alerts.length)
    }),
    { numRuns: 100 },
  )
})

test('parseWebhook never throws for any JSON', () => {
  const webhookLike = fc.record(
    {
      version: fc.constantFrom<unknown>('4', 4),
      groupKey: fc.oneof(fc.string(), fc.jsonValue()),
      receiver: fc.oneof(fc.string(), fc.jsonValue()),
      alerts: fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()),
      truncatedAlerts: fc.jsonValue(),
    },
    { requiredKeys: ['version', 'alerts'] },
  )
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), webhookLike), (input) => {
      const parse = parseWebhook(input)
      expect(parse.ok || parse.errors.length > 0).toBe(true)
    }),
    { numRuns: 300 },
  )
})

function accepted(body: unknown): Webhook {
  const parse = parseWebhook(body)
  if (!parse.ok) throw new Error(parse.errors.join(', '))
  return parse.webhook
}
