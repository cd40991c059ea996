import { alertId, parseWebhook, type Run, runId, type Webhook } from '@opifer/core'
import { makeAlert, makeRun, makeWebhook } from '@opifer/core/testing'
import { loadFixture } from '@opifer/testkit'
import { describe, expect, test } from 'vitest'
import { splitWebhook } from './split.ts'
import { endedAlerts, refiredAlerts } from './transitions.ts'

const NOW = Date.parse('2026-11-23T05:00:00Z')

function runsOf(input: unknown): { webhook: Webhook; runs: Run[] } {
  const parsed = parseWebhook(input)
  if (!parsed.ok) throw new Error(parsed.errors.join())
  const { webhook } = parsed
  return { webhook, runs: splitWebhook(webhook, 'alert', NOW, () => 'run') }
}

describe('the ended alerts of a webhook', () => {
  test('are those of a mixed group that are over, with when they ended', () => {
    const { webhook, runs } = runsOf(JSON.parse(loadFixture('alertmanager/firing-group-with-one-resolved.json')))
    const [, resolved] = webhook.alerts
    expect(endedAlerts(runs)).toEqual([
      {
        alertId: resolved && 'labels' in resolved && alertId(webhook, resolved),
        mark: { endedAt: Date.parse('2026-11-23T03:58:56Z'), receivedAt: NOW },
      },
    ])
  })

  test('know of an end without a time when it was heard of', () => {
    const { runs } = runsOf(makeWebhook({ alerts: [{ status: 'resolved', labels: { alertname: 'A' } }] }))
    expect(endedAlerts(runs)).toEqual([{ alertId: expect.any(String), mark: { endedAt: undefined, receivedAt: NOW } }])
  })

  test('do not hold one that is wrong in itself', () => {
    const { runs } = runsOf(makeWebhook({ alerts: [{ status: 'resolved', labels: {} }] }))
    expect(endedAlerts(runs)).toEqual([])
  })
})

describe('an alert has fired anew', () => {
  const own = runId('own', 2_000)
  const earlier = runId('other', 1_999)
  const run = makeRun({ id: own })

  test.each<{ what: string; inQueue: string | undefined; want: boolean }>([
    { what: 'it has joined the run of an earlier firing', inQueue: earlier, want: true },
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
    const refired = refiredAlerts([run], new Map([[own, inQueue]]))
    expect(refired.map(({ runId: joined }) => joined)).toEqual(want ? [inQueue] : [])
  })

  test.each([
    { what: 'is over', alert: makeAlert({ status: 'resolved' }) },
    { what: 'is wrong in itself', alert: makeRun().alert, invalid: 'no name' },
  ])('never when it $what', ({ alert, ...defect }) => {
    const other = { ...run, alert: { ...alert, ...defect } } as Run
    expect(refiredAlerts([other], new Map([[own, earlier]]))).toEqual([])
  })
})
