import type { ResolvedMark, Resolution, Run } from '@opifer/core'
import { makeAlert, makeOperario, makeRun } from '@opifer/core/testing'
import type { AttemptState } from '@opifer/queue'
import { describe, expect, test } from 'vitest'
import { NOTHING_KNOWN, RECEIVED_AT } from '../testing/builders.ts'
import { makeContext } from '../testing/context.ts'
import { admit } from './admit.ts'
import type { RunContext } from './context.ts'

const STARTS_AT = Date.parse('2026-11-23T03:58:54.050Z')
const HOUR = 3_600_000
const FOUND: Resolution = { kind: 'found', operario: makeOperario() }

interface Case {
  run?: Run
  resolution?: Resolution
  state?: Partial<AttemptState>
  context?: Partial<RunContext>
}

function judge({ run = makeRun(), resolution = FOUND, state, context }: Case = {}) {
  return admit(run, resolution, { ...NOTHING_KNOWN, ...state }, makeContext({ api: {} }, context))
}

function verdict(about: Case): string {
  const admission = judge(about)
  return admission.kind === 'rejected' ? admission.outcome : admission.kind
}

test('a new alert is admitted with its Operario', () => {
  const { alert } = makeRun()
  expect(judge()).toEqual({ kind: 'admitted', alert, operario: makeOperario() })
})

test('an invalid alert ends invalid with the reason', () => {
  const alert = { invalid: 'labels.alertname is missing', status: 'firing', fingerprint: 'f', excerpt: '{}' } as const
  expect(judge({ run: makeRun({ alert }) })).toEqual({
    kind: 'rejected',
    outcome: 'invalid',
    reason: 'labels.alertname is missing',
  })
})

test.each(['unmatched', 'disabled', 'invalid'] as const)(
  'a run whose Operario is %s ends with that outcome',
  (kind) => {
    const resolution = { kind, reason: 'so' }
    expect(judge({ resolution })).toEqual({ kind: 'rejected', outcome: kind, reason: 'so' })
  },
)

describe('a firing run whose alert resolved', () => {
  test.each<{ what: string; startsAt?: string; mark: ResolvedMark; want: 'superseded' | 'admitted' }>([
    {
      what: 'after the firing started, by the sender’s clock',
      mark: { endedAt: STARTS_AT + 60_000, receivedAt: RECEIVED_AT + 60_000 },
      want: 'superseded',
    },
    {
      what: 'in the millisecond the firing started',
      startsAt: iso(STARTS_AT),
      mark: { endedAt: STARTS_AT, receivedAt: RECEIVED_AT },
      want: 'superseded',
    },
    {
      what: 'before the firing started, although the resolve arrived later',
      mark: { endedAt: STARTS_AT - 60_000, receivedAt: RECEIVED_AT + 1 },
      want: 'admitted',
    },
    {
      what: 'in the year 9999, received before the firing started',
      mark: { endedAt: Date.parse('9999-12-31T00:00:00Z'), receivedAt: STARTS_AT - 1 },
      want: 'admitted',
    },
    { what: 'without a time, later', mark: { receivedAt: RECEIVED_AT + 1 }, want: 'superseded' },
    { what: 'without a time, in the same webhook', mark: { receivedAt: RECEIVED_AT }, want: 'superseded' },
    { what: 'without a time, earlier', mark: { receivedAt: RECEIVED_AT - 1 }, want: 'admitted' },
  ])('$what is $want', ({ startsAt, mark, want }) => {
    const run = makeRun({ alert: makeAlert(startsAt ? { startsAt } : {}) })
    expect(verdict({ run, state: { resolved: mark } })).toBe(want)
  })

  test.each([
    { what: 'without a start time', run: makeRun({ alert: makeAlert({ startsAt: undefined }) }) },
    { what: 'of an older version', run: makeRun({ alertKey: undefined }) },
  ])('is admitted $what, because a later firing may have joined it', ({ run }) => {
    expect(verdict({ run, state: { resolved: { receivedAt: RECEIVED_AT + 1 } } })).toBe('admitted')
  })

  test('is superseded rather than expired', () => {
    const about = {
      state: { resolved: { receivedAt: RECEIVED_AT + 1 } },
      context: { now: () => RECEIVED_AT + 2 * HOUR },
    }
    expect(verdict(about)).toBe('superseded')
  })

  test('is admitted when an operator retried it', () => {
    const run = makeRun({ retryOf: 'run-0' })
    expect(verdict({ run, state: { resolved: { receivedAt: RECEIVED_AT + 1 } } })).toBe('admitted')
  })
})

test('a resolved run is never superseded by a resolve', () => {
  const run = makeRun({ alert: makeAlert({ status: 'resolved' }) })
  const resolved = { endedAt: STARTS_AT + HOUR, receivedAt: RECEIVED_AT + HOUR }
  expect(verdict({ run, state: { resolved } })).toBe('admitted')
})

test('a cancelled run ends cancelled, whatever else is known', () => {
  const state = { resolved: { receivedAt: RECEIVED_AT + 1 }, cancelledBy: 'ada' }
  expect(judge({ state, context: { now: () => RECEIVED_AT + 2 * HOUR } })).toEqual({
    kind: 'rejected',
    outcome: 'cancelled',
    reason: 'cancelled by ada',
  })
})

describe('a run in the cooldown of another run', () => {
  const state = { coolingAfter: 'run-0' }

  test.each(['firing', 'resolved'] as const)('is superseded when %s', (status) => {
    expect(judge({ run: makeRun({ alert: makeAlert({ status }) }), state })).toEqual({
      kind: 'rejected',
      outcome: 'superseded',
      reason: 'run run-0 has just handled the same alert',
    })
  })

  test('is admitted when an operator retried it', () => {
    expect(verdict({ run: makeRun({ retryOf: 'run-0' }), state })).toBe('admitted')
  })

  test('is admitted when the cooldown is its own', () => {
    expect(verdict({ run: makeRun({ id: 'run-0' }), state })).toBe('admitted')
  })
})

describe('a run that waited', () => {
  test('exactly as long as --maxAge is admitted', () => {
    expect(verdict({ context: { now: () => RECEIVED_AT + HOUR } })).toBe('admitted')
  })

  test.each([
    { lastError: undefined, want: 'the alert is 3601 s old, more than --maxAge=3600 s' },
    {
      lastError: 'creating Job a/b: the API server answered 429 TooManyRequests: slow down',
      want: 'the alert is 3601 s old, more than --maxAge=3600 s; the last attempt failed: creating Job a/b: the API server answered 429 TooManyRequests: slow down',
    },
  ])('longer than --maxAge ends expired: $want', ({ lastError, want }) => {
    const context = { now: () => RECEIVED_AT + HOUR + 1_000, lastError }
    expect(judge({ context })).toEqual({ kind: 'rejected', outcome: 'expired', reason: want })
  })

  test('expires before a missing Operario is reported', () => {
    const resolution: Resolution = { kind: 'unmatched', reason: 'no ConfigMap' }
    expect(verdict({ resolution, context: { now: () => RECEIVED_AT + 2 * HOUR } })).toBe('expired')
  })
})

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
