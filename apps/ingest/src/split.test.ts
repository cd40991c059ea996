import { beganOf, dedupId, isInvalid, parseWebhook, runId, type Webhook } from '@opifer/core'
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

describe('a group that Alertmanager calls firing and that holds a resolved alert', () => {
  const webhook = parse(JSON.parse(loadFixture('alertmanager/firing-group-with-one-resolved.json')))

  test('becomes one run for each alert, each by its own status', () => {
    const [firing, resolved] = webhook.alerts
    expect(split(webhook)).toEqual([
      expect.objectContaining({
        id: firing && 'startsAt' in firing && runId('run-1', Date.parse(firing.startsAt ?? '')),
        receivedAt: NOW,
        receiver: 'openfero',
        groupKey: webhook.groupKey,
        alert: expect.objectContaining({ status: 'firing', fingerprint: 'f50231e3d4238e6b' }),
        dedupId: firing && dedupId(webhook, firing, 'alert'),
      }),
      expect.objectContaining({
        id: expect.stringMatching(/^run-2\./),
        alert: expect.objectContaining({ status: 'resolved', fingerprint: '32f550632570f8de' }),
        dedupId: resolved && dedupId(webhook, resolved, 'alert'),
      }),
    ])
  })

  test('is one piece of work for each status when the group counts as a whole', () => {
    const [firing, resolved] = split(webhook, 'group')
    expect(firing?.dedupId).not.toBe(resolved?.dedupId)
  })
})

test('an alert that does not say when it began counts from when it came', () => {
  const [run] = split(parse(makeWebhook({ alerts: [makeAlert({ startsAt: undefined })] })))
  expect(beganOf(run?.id ?? '')).toBe(NOW)
})

test('alerts of one group share their deduplication only when the group counts as a whole', () => {
  const webhook = parse(JSON.parse(loadFixture('alertmanager/firing-two-alerts.json')))
  expect(new Set(split(webhook).map((run) => run.dedupId)).size).toBe(2)
  expect(new Set(split(webhook, 'group').map((run) => run.dedupId)).size).toBe(1)
})

test('an alert that is wrong in itself becomes a run too, and never stands for its group', () => {
  const webhook = parse(makeWebhook({ alerts: [{ status: 'resolved', labels: {} }, makeAlert()] }))
  const runs = split(webhook, 'group')
  expect(runs.map(({ alert }) => isInvalid(alert))).toEqual([true, false])
  expect(runs[0]?.dedupId).not.toBe(runs[1]?.dedupId)
})

test('a webhook without alerts becomes nothing', () => {
  expect(split(parse(makeWebhook({ alerts: [] })))).toEqual([])
})
