import { alertId, episode, type Firing, type ResolvedMark } from '@opifer/core'
import { makeAlert, makeRun } from '@opifer/core/testing'
import { describe, expect, test } from 'vitest'
import { makeMarks, NOTHING_KNOWN, RECEIVED_AT } from '../testing/builders.ts'
import { admit, type AdmitDeps } from './admit.ts'

const STARTS_AT = Date.parse('2026-11-23T03:58:54.050Z')
const HOUR = 3_600_000

test('a fresh alert is admitted, with how many of its Jobs have finished before', async () => {
  const run = makeRun()
  const asked: object[] = []
  const marks = makeMarks({
    async beforeCreate(about) {
      asked.push(about)
      return { ...NOTHING_KNOWN, finishedJobs: 3 }
    },
  })
  expect(await admit(run, undefined, given({ marks }))).toEqual({ kind: 'admitted', alert: run.alert, finishedJobs: 3 })
  const { id: runId, dedupId } = run
  expect(asked).toEqual([
    { dedupId, alertId: alertId(run, makeAlert()), episode: episode(dedupId, makeAlert().startsAt), runId },
  ])
})

test('an alert that is wrong in itself ends invalid, with what is wrong', async () => {
  const alert = { invalid: 'labels.alertname is missing', status: 'firing', fingerprint: 'f', excerpt: '{}' } as const
  expect(await admit(makeRun({ alert }), undefined, given())).toEqual({
    kind: 'refused',
    outcome: 'invalid',
    reason: 'labels.alertname is missing',
  })
})

describe('a firing run whose alert was resolved', () => {
  test.each<{ what: string; startsAt?: string; mark: ResolvedMark; want: 'superseded' | 'admitted' }>([
    {
      what: 'after it began, by its own times',
      mark: { endedAt: STARTS_AT + 60_000, receivedAt: 0 },
      want: 'superseded',
    },
    {
      what: 'in the moment it began',
      startsAt: iso(STARTS_AT),
      mark: { endedAt: STARTS_AT, receivedAt: 0 },
      want: 'superseded',
    },
    {
      what: 'before it began, though ingest heard of that later',
      mark: { endedAt: STARTS_AT - 60_000, receivedAt: RECEIVED_AT + 1 },
      want: 'admitted',
    },
    { what: 'without a time, later', mark: { receivedAt: RECEIVED_AT + 1 }, want: 'superseded' },
    { what: 'without a time, in the same webhook', mark: { receivedAt: RECEIVED_AT }, want: 'superseded' },
    { what: 'without a time, before', mark: { receivedAt: RECEIVED_AT - 1 }, want: 'admitted' },
  ])('$what is $want', async ({ startsAt, mark, want }) => {
    const run = makeRun({ alert: makeAlert(startsAt ? { startsAt } : {}) })
    const admission = await admit(run, undefined, given({ marks: marked(mark) }))
    expect(admission.kind === 'refused' ? admission.outcome : admission.kind).toBe(want)
  })

  test.each([
    { receivedAt: RECEIVED_AT + 1, want: 'refused' },
    { receivedAt: RECEIVED_AT - 1, want: 'admitted' },
  ])('is judged by the order of arrival when it does not say when it began: $want', async ({ receivedAt, want }) => {
    const run = makeRun({ alert: makeAlert({ startsAt: undefined }) })
    const marks = marked({ endedAt: 0, receivedAt })
    expect((await admit(run, undefined, given({ marks }))).kind).toBe(want)
  })
})

describe('a run that an alert has joined which fires anew', () => {
  const end = { endedAt: STARTS_AT + 60_000, receivedAt: RECEIVED_AT + 1 }

  test.each<{ what: string; firing: Firing; want: 'refused' | 'admitted' }>([
    {
      what: 'after the end',
      firing: { beganAt: STARTS_AT + 60_001, receivedAt: RECEIVED_AT + 2 },
      want: 'admitted',
    },
    {
      what: 'but is over too',
      firing: { beganAt: STARTS_AT + 59_999, receivedAt: RECEIVED_AT },
      want: 'refused',
    },
  ])('$what is $want', async ({ firing, want }) => {
    expect((await admit(makeRun(), undefined, given({ marks: marked(end, firing) }))).kind).toBe(want)
  })

  test('in the last moment goes on: either it sees the alert, or the alert is told that it ends', async () => {
    const log: string[] = []
    const marks = makeMarks({
      async beforeCreate() {
        log.push('look')
        const firedAnew = log.includes('told') ? { beganAt: STARTS_AT + HOUR, receivedAt: RECEIVED_AT } : undefined
        return { ...NOTHING_KNOWN, resolved: end, firedAnew }
      },
      async markClosing(runId) {
        expect(runId).toBe(makeRun().id)
        log.push('told')
      },
      async unmarkClosing(runId) {
        expect(runId).toBe(makeRun().id)
        log.push('taken back')
      },
    })
    expect((await admit(makeRun(), undefined, given({ marks }))).kind).toBe('admitted')
    expect(log).toEqual(['look', 'told', 'look', 'taken back'])
  })
})

test('a run that somebody does not want ends cancelled, whatever else is known of it', async () => {
  const known = { ...NOTHING_KNOWN, resolved: { receivedAt: RECEIVED_AT + 1 }, cancelledBy: 'ada' }
  const marks = makeMarks({ beforeCreate: async () => known })
  expect(await admit(makeRun(), undefined, given({ marks, now: () => RECEIVED_AT + 2 * HOUR }))).toEqual({
    kind: 'refused',
    outcome: 'cancelled',
    reason: 'cancelled by ada',
  })
})

describe('a run that was enqueued just as another of the same alert ended', () => {
  const marks = makeMarks({ beforeCreate: async () => ({ ...NOTHING_KNOWN, coolingAfter: 'run-0' }) })

  test.each(['firing', 'resolved'] as const)('is superseded by that one when it is %s', async (status) => {
    const run = makeRun({ alert: makeAlert({ status }) })
    expect(await admit(run, undefined, given({ marks }))).toEqual({
      kind: 'refused',
      outcome: 'superseded',
      reason: 'run run-0 has just dealt with the same alert',
    })
  })

  test('goes on when somebody has asked for it', async () => {
    expect((await admit(makeRun({ retryOf: 'run-0' }), undefined, given({ marks }))).kind).toBe('admitted')
  })

  test('goes on when the cooldown is its own', async () => {
    expect((await admit(makeRun({ id: 'run-0' }), undefined, given({ marks }))).kind).toBe('admitted')
  })
})

test('a resolved run is never superseded by an end, whatever has happened since', async () => {
  const run = makeRun({ alert: makeAlert({ status: 'resolved' }) })
  const marks = marked({ endedAt: STARTS_AT + HOUR, receivedAt: RECEIVED_AT + HOUR })
  expect((await admit(run, undefined, given({ marks }))).kind).toBe('admitted')
})

describe('an alert that waited', () => {
  test('exactly as long as it may is admitted', async () => {
    expect((await admit(makeRun(), undefined, given({ now: () => RECEIVED_AT + HOUR }))).kind).toBe('admitted')
  })

  test.each([
    { lastError: undefined, want: 'the alert is 3601 s old, too old to act upon' },
    {
      lastError: 'creating Job a/b: the API server answered 429 TooManyRequests: slow down',
      want: 'the alert is 3601 s old, too old to act upon; the last attempt failed: creating Job a/b: the API server answered 429 TooManyRequests: slow down',
    },
  ])('longer has expired: $want', async ({ lastError, want }) => {
    const deps = given({ now: () => RECEIVED_AT + HOUR + 1_000 })
    expect(await admit(makeRun(), lastError, deps)).toEqual({ kind: 'refused', outcome: 'expired', reason: want })
  })

  describe('and has fired anew since', () => {
    const firing = { beganAt: STARTS_AT + HOUR, receivedAt: RECEIVED_AT + HOUR }

    test.each([
      {
        what: 'is as old as its last firing',
        resolved: { endedAt: STARTS_AT + 1, receivedAt: RECEIVED_AT + 1 },
        age: 5_000,
        want: 'admitted',
      },
      { what: 'is so too where no end was heard of', resolved: undefined, age: 5_000, want: 'admitted' },
      { what: 'expires with its last firing', resolved: undefined, age: HOUR + 1_000, want: 'expired' },
    ])('$what: $want', async ({ resolved, age, want }) => {
      const marks = makeMarks({ beforeCreate: async () => ({ ...NOTHING_KNOWN, resolved, firedAnew: firing }) })
      const deps = given({ marks, now: () => firing.receivedAt + age })
      const admission = await admit(makeRun(), undefined, deps)
      expect(admission.kind === 'refused' ? admission.outcome : admission.kind).toBe(want)
    })

    test('which was in the run before this one, is as old as it is itself', async () => {
      const run = makeRun({ receivedAt: RECEIVED_AT + 2 * HOUR })
      const marks = makeMarks({ beforeCreate: async () => ({ ...NOTHING_KNOWN, firedAnew: firing }) })
      const deps = given({ marks, now: () => run.receivedAt + HOUR })
      expect((await admit(run, undefined, deps)).kind).toBe('admitted')
    })
  })

  test('tells an alert that joins it just then that it ends, for longer than a worker could hold it up', async () => {
    const told: number[] = []
    const marks = makeMarks({ markClosing: async (_, keepMs) => void told.push(keepMs) })
    for (const lockDuration of [30_000, 300_000]) {
      await admit(makeRun(), undefined, given({ marks, lockDuration, now: () => RECEIVED_AT + HOUR + 1_000 }))
    }
    expect(told).toEqual([60_000, 600_000])
  })

  test('is rather superseded than expired when it is over anyway', async () => {
    const deps = given({ marks: marked({ receivedAt: RECEIVED_AT + 1 }), now: () => RECEIVED_AT + 2 * HOUR })
    expect(await admit(makeRun(), undefined, deps)).toMatchObject({ outcome: 'superseded' })
  })
})

function given(overrides: Partial<AdmitDeps> = {}): AdmitDeps {
  return { marks: makeMarks(), maxAge: HOUR, lockDuration: 30_000, now: () => RECEIVED_AT, ...overrides }
}

function marked(resolved: ResolvedMark, firedAnew?: Firing) {
  return makeMarks({ beforeCreate: async () => ({ ...NOTHING_KNOWN, resolved, firedAnew }) })
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
