import { identify, isInvalid, parseWebhook, type Webhook } from '@opifer/core'
import { makeAlert, makeWebhook } from '@opifer/core/testing'
import { loadFixture } from '@opifer/testkit'
import { describe, expect, test } from 'vitest'
import { splitWebhook } from './split.ts'

const NOW = 1_700_000_000_000

function parse(input: unknown): Webhook {
  const parsed = parseWebhook(input)
  if (!parsed.ok) throw new Error(parsed.errors.join())
  return parsed.webhook
}

function split(webhook: Webhook, scope: 'alert' | 'group' = 'alert') {
  let count = 0
  return splitWebhook(webhook, scope, NOW, () => `run-${++count}`)
}

describe('a group with status firing and one resolved alert', () => {
  const webhook = parse(JSON.parse(loadFixture('alertmanager/firing-group-with-one-resolved.json')))

  test('a group with one resolved alert becomes one run for each alert, each by its own status', () => {
    const [firing, resolved] = webhook.alerts
    expect(split(webhook).map(({ run }) => run)).toEqual([
      expect.objectContaining({
        id: 'run-1',
        receivedAt: NOW,
        receiver: 'openfero',
        groupKey: webhook.groupKey,
        alert: expect.objectContaining({ status: 'firing', fingerprint: 'f50231e3d4238e6b' }),
        ...idsOf(webhook, firing),
      }),
      expect.objectContaining({
        id: 'run-2',
        alert: expect.objectContaining({ status: 'resolved', fingerprint: '32f550632570f8de' }),
        ...idsOf(webhook, resolved),
      }),
    ])
  })

  test('a group as scope has one run for each status', () => {
    const [firing, resolved] = split(webhook, 'group')
    expect(firing?.run.dedupId).not.toBe(resolved?.run.dedupId)
  })
})

test('an alert without startsAt has its alert key as deduplication id', () => {
  const [intent] = split(parse(makeWebhook({ alerts: [makeAlert({ startsAt: undefined })] })))
  expect(intent?.run.dedupId).toBe(intent?.run.alertKey)
})

test.each([
  ['2026-11-23T04:00:00Z', Date.parse('2026-11-23T04:00:00Z')],
  ['9999-12-31T00:00:00Z', Date.parse('9999-12-31T00:00:00Z')],
  [undefined, undefined],
])('a resolved alert with endsAt %s reports its end as sent, with the receipt', (endsAt, endedAt) => {
  const webhook = parse(makeWebhook({ alerts: [makeAlert({ status: 'resolved', endsAt })] }))
  const { alertId } = identify(webhook, makeAlert(), 'alert')
  expect(split(webhook)[0]?.resolved).toEqual({ alertId, mark: { endedAt, receivedAt: NOW } })
})

test('a firing alert reports no end, whatever its endsAt', () => {
  const webhook = parse(makeWebhook({ alerts: [makeAlert({ endsAt: '2026-11-23T04:00:00Z' })] }))
  expect(split(webhook)[0]?.resolved).toBeUndefined()
})

test('alerts of one group share their deduplication id only with the group as scope', () => {
  const webhook = parse(JSON.parse(loadFixture('alertmanager/firing-two-alerts.json')))
  expect(new Set(split(webhook).map(({ run }) => run.dedupId)).size).toBe(2)
  expect(new Set(split(webhook, 'group').map(({ run }) => run.dedupId)).size).toBe(1)
})

test('an invalid alert becomes a run too, reports no end, and never takes the place of its group', () => {
  const webhook = parse(makeWebhook({ alerts: [{ status: 'resolved', labels: {} }, makeAlert()] }))
  const intents = split(webhook, 'group')
  expect(intents.map(({ run }) => isInvalid(run.alert))).toEqual([true, false])
  expect(intents[0]?.run.dedupId).not.toBe(intents[1]?.run.dedupId)
  expect(intents[0]?.resolved).toBeUndefined()
})

test('a webhook without alerts becomes no run', () => {
  expect(split(parse(makeWebhook({ alerts: [] })))).toEqual([])
})

function idsOf(webhook: Webhook, alert: Webhook['alerts'][number] | undefined) {
  if (alert === undefined) throw new Error('the webhook has too few alerts')
  const { dedupId, alertKey } = identify(webhook, alert, 'alert')
  return { dedupId, alertKey }
}
