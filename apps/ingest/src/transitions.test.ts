import { alertId, parseWebhook, type Run, runId, type Webhook } from '@opifer/core'
import { makeRun, makeWebhook } from '@opifer/core/testing'
import { loadFixture } from '@opifer/testkit'
import { describe, expect, test } from 'vitest'
import { splitWebhook } from './split.ts'
import { firedAnew, transitionsOf } from './transitions.ts'

const NOW = 1_700_000_000_000

function runsOf(input: unknown): { webhook: Webhook; runs: Run[] } {
  const parsed = parseWebhook(input)
  if (!parsed.ok) throw new Error(parsed.problems.join())
  const { webhook } = parsed
  return { webhook, runs: splitWebhook(webhook, 'alert', NOW, () => 'run') }
}

describe('the transitions of a webhook', () => {
  test('tell of a mixed group which alert fires and which is over, and since when', () => {
    const { webhook, runs } = runsOf(JSON.parse(loadFixture('alertmanager/firing-group-with-one-resolved.json')))
    const [firing, resolved] = webhook.alerts
    expect(transitionsOf(runs)).toMatchObject({
      firing: [{ alertId: firing && 'labels' in firing && alertId(webhook, firing) }],
      resolved: [
        {
          alertId: resolved && 'labels' in resolved && alertId(webhook, resolved),
          mark: { endedAt: Date.parse('2026-11-23T03:58:56Z'), receivedAt: NOW },
        },
      ],
    })
  })

  test('know of an end without a time when it was heard of', () => {
    const { runs } = runsOf(makeWebhook({ alerts: [{ status: 'resolved', labels: { alertname: 'A' } }] }))
    expect(transitionsOf(runs).resolved).toEqual([
      { alertId: expect.any(String), mark: { endedAt: undefined, receivedAt: NOW } },
    ])
  })

  test('pass over an alert that is wrong in itself', () => {
    const { runs } = runsOf(makeWebhook({ alerts: [{ status: 'resolved', labels: {} }] }))
    expect(transitionsOf(runs)).toEqual({ firing: [], resolved: [] })
  })
})

describe('an alert has fired anew', () => {
  const own = runId('own', 2_000)
  const { firing } = transitionsOf([makeRun({ id: own })])

  test.each<{ what: string; inQueue: string | undefined; want: boolean }>([
    { what: 'it has joined the run of an earlier firing', inQueue: runId('other', 1_999), want: true },
    { what: 'it has joined the run of the same firing', inQueue: runId('other', 2_000), want: false },
    {
      what: 'it has joined the run of a later firing, as a late twin does',
      inQueue: runId('other', 2_001),
      want: false,
    },
    { what: 'it has joined a run that does not tell', inQueue: 'other', want: false },
    { what: 'it has a run of its own', inQueue: own, want: false },
    { what: 'it is quiet', inQueue: undefined, want: false },
  ])('when $what: $want', ({ inQueue, want }) => {
    expect(firedAnew({ firing, resolved: [] }, new Map([[own, inQueue]]))).toEqual(want ? firing : [])
  })
})
