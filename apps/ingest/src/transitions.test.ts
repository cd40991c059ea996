import { alertId, parseWebhook, type ResolvedMark, type Run, type Webhook } from '@opifer/core'
import { makeAlert, makeRun, makeWebhook } from '@opifer/core/testing'
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
  const ENDED = Date.parse('2026-11-23T04:00:00Z')

  test.each<{ what: string; startsAt?: string; mark: ResolvedMark | undefined; want: boolean }>([
    { what: 'nothing is marked', startsAt: '2026-11-23T04:00:01Z', mark: undefined, want: false },
    {
      what: 'it began after the end',
      startsAt: '2026-11-23T04:00:01Z',
      mark: { endedAt: ENDED, receivedAt: NOW },
      want: true,
    },
    {
      what: 'it began before the end',
      startsAt: '2026-11-23T03:00:00Z',
      mark: { endedAt: ENDED, receivedAt: NOW },
      want: false,
    },
    { what: 'it came after an end without a time', mark: { receivedAt: NOW - 1 }, want: true },
    { what: 'it came before an end without a time', mark: { receivedAt: NOW + 1 }, want: false },
  ])('when $what: $want', ({ startsAt, mark, want }) => {
    const run = makeRun({ receivedAt: NOW, alert: makeAlert({ startsAt }) })
    expect(firedAnew(transitionsOf([run]), [mark])).toHaveLength(want ? 1 : 0)
  })
})
