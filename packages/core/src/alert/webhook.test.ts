import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeWebhook } from '../testing/builders.ts'
import { isDefective } from './alert.ts'
import { parseWebhook, type Webhook } from './webhook.ts'

/** The Operarios guide's body ("Integration Testing"), to the letter. */
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

describe('parseWebhook', () => {
  it("takes the guide's minimal body", () => {
    expect(accepted(JSON.parse(GUIDE_BODY))).toMatchObject({
      receiver: 'openfero',
      groupKey: 'test-group',
      truncatedAlerts: 0,
      alerts: [{ alertname: 'DiskSpaceLow', status: 'firing', fingerprint: 'f50231e3d4238e6b' }],
    })
  })

  it('takes what Alertmanager 0.33.1 sent, each alert by its own status', () => {
    const { alerts, groupKey } = accepted(JSON.parse(readFileSync(captured, 'utf8')))
    expect(groupKey).toBe('{}:{alertname="DiskSpaceLow", severity="warning"}')
    expect(alerts).toMatchObject([
      { status: 'firing', fingerprint: 'f50231e3d4238e6b', startsAt: '2026-11-23T03:58:54.050894278Z' },
      { status: 'resolved', fingerprint: '32f550632570f8de', endsAt: '2026-11-23T03:58:56Z' },
    ])
    expect(alerts[0]).toHaveProperty('endsAt', undefined)
  })

  it('lets unknown fields pass, those of newer Alertmanagers included', () => {
    const body = makeWebhook({ notification_reason: 'first notification', routeLabels: { a: 'b' }, whatever: null })
    expect(accepted(body).alerts).toHaveLength(1)
  })

  it('keeps the group of an alert that is wrong', () => {
    const body = makeWebhook()
    const { alerts } = accepted({
      ...body,
      alerts: [...body.alerts, { status: 'firing', labels: {} }, 7, ...body.alerts],
    })
    expect(alerts.map(isDefective)).toEqual([false, true, true, false])
  })

  it('takes a group without alerts', () => {
    expect(accepted(makeWebhook({ alerts: [] })).alerts).toEqual([])
  })

  it.each([
    [3, 3],
    [undefined, 0],
    [null, 0],
    [-1, 0],
    ['many', 0],
  ])('reads %j truncated alerts as %i: they are only reported', (truncatedAlerts, want) => {
    expect(accepted(makeWebhook({ truncatedAlerts })).truncatedAlerts).toBe(want)
  })

  it.each([
    ['null', null, 'body must be a JSON object'],
    ['a list', [], 'body must be a JSON object'],
    ['text', 'webhook', 'body must be a JSON object'],
    ['no version', makeWebhook({ version: undefined }), 'version must be "4", the webhook format of Alertmanager'],
    ['another version', makeWebhook({ version: '5' }), 'version must be "4", the webhook format of Alertmanager'],
    ['no groupKey', makeWebhook({ groupKey: undefined }), 'groupKey must be a string'],
    ['an empty groupKey', makeWebhook({ groupKey: '' }), 'groupKey must not be empty'],
    ['an endless groupKey', makeWebhook({ groupKey: 'x'.repeat(8_193) }), 'groupKey is longer than 8192 characters'],
    ['no receiver', makeWebhook({ receiver: undefined }), 'receiver must be a string'],
    ['an endless receiver', makeWebhook({ receiver: 'x'.repeat(1_025) }), 'receiver is longer than 1024 characters'],
    ['no alerts', { ...makeWebhook(), alerts: undefined }, 'alerts must be a list of alerts'],
    [
      'endless alerts',
      { ...makeWebhook(), alerts: Array.from({ length: 20_001 }, () => ({})) },
      'alerts holds more than 20000 alerts: group by more labels',
    ],
    ['alerts that are no list', { ...makeWebhook(), alerts: {} }, 'alerts must be a list of alerts'],
  ])('refuses a body with %s', (_, body, want) => {
    expect(parseWebhook(body)).toEqual({ ok: false, problems: [want] })
  })

  it('names all problems at once', () => {
    expect(parseWebhook({})).toMatchObject({ problems: { length: 4 } })
  })

  it('keeps every alert, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (alerts) => {
        expect(accepted(makeWebhook({ alerts })).alerts).toHaveLength(alerts.length)
      }),
      { numRuns: 100 },
    )
  })

  it('never throws, whatever the JSON', () => {
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
        expect(parse.ok || parse.problems.length > 0).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

function accepted(body: unknown): Webhook {
  const parse = parseWebhook(body)
  if (!parse.ok) throw new Error(parse.problems.join(', '))
  return parse.webhook
}
