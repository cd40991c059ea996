import type { JobRef, Outcome, Run } from '@opifer/core'
import { makeAlert } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { alertKeyOf } from './alert-key.ts'
import type { SentAlert } from './alerts.ts'
import { check } from './checker.ts'
import type { Acknowledged, History, JobEvent, QueueEvent, RunRecord } from './history.ts'
import type { ViolationKind } from './violations.ts'

const ORIGIN = { receiver: 'r', groupKey: '{}' }
const ALERT_KEY = alertKeyOf({ ...ORIGIN, alert: makeAlert({ alertname: 'FaultQuick' }) })
const NO_JOB = { job: undefined } as const
const HANDLED = 'run run-1 has just handled the same alert'
const DONE: ReadonlySet<Outcome> = new Set(['succeeded', 'unmatched', 'disabled', 'superseded', 'cancelled'])

/** Of the record of a run that succeeded. */
const USUAL_TRAITS = {
  id: 'run-1',
  dedupId: 'dedup-1',
  name: 'FaultQuick',
  job: jobRef('job-1'),
  reason: 'why',
  state: undefined,
}

/** One alert that was sent, got its Job and succeeded. */
function goodHistory(): History {
  return makeHistory({
    sent: [makeSent()],
    acknowledged: [makeAck()],
    jobs: lifeOf('job-1'),
    queue: lifeInQueue('run-1'),
    runs: [makeRecord()],
  })
}

test('an empty history has no violations', () => {
  expect(check(makeHistory())).toEqual([])
})

test.each<[string, Partial<History>]>([
  ['an alert succeeds', {}],
  ['a repeat joins the run in flight', { acknowledged: [makeAck(), makeAck({}, 'deduplicated')] }],
  ['a repeat comes during the cooldown', { acknowledged: [makeAck(), makeAck({}, 'cooldown')] }],
  ['the answer was cut off, but the run exists', { acknowledged: [makeAck({ receipt: undefined })] }],
  [
    'a Job was deleted while it was running, and its run is lost',
    { jobs: [created('job-1'), { ...created('job-1'), type: 'DELETED' }], runs: [makeRecord('lost')] },
  ],
  [
    'a Job that a fault deleted is created again',
    {
      jobs: [created('job-0'), { ...created('job-0'), type: 'DELETED' }, ...lifeOf('job-1')],
      deletedByHand: ['job-0'],
    },
  ],
  [
    'a Job was deleted as soon as it had ended, and its run is lost',
    { jobs: [...lifeOf('job-1'), deleted('job-1', 150)], runs: [makeRecord('lost')] },
  ],
  [
    'an alert has two Jobs, one after the other',
    {
      jobs: [...lifeOf('job-1'), ...lifeOf('job-2', { runId: 'run-2', at: 3_000 })],
      queue: [...lifeInQueue('run-1'), ...lifeInQueue('run-2')],
      runs: [makeRecord(), makeRecord('succeeded', { id: 'run-2', job: jobRef('job-2') })],
    },
  ],
  [
    'a repeat without a cooldown has a Job of its own at once',
    {
      jobs: [...lifeOf('job-1'), ...lifeOf('job-2', { runId: 'run-2', at: 1_001 })],
      queue: [...lifeInQueue('run-1'), ...lifeInQueue('run-2')],
      runs: [
        makeRecord('succeeded', { name: 'FaultAgain' }),
        makeRecord('succeeded', { id: 'run-2', job: jobRef('job-2'), name: 'FaultAgain' }),
      ],
    },
  ],
  [
    'a repeat that was already in flight has a Job within the cooldown',
    {
      jobs: [...lifeOf('job-1'), ...lifeOf('job-2', { runId: 'run-2', at: 1_100 })],
      queue: [...lifeInQueue('run-1').slice(0, -1), event('added', 'run-2'), event('completed', 'run-1')],
      runs: [makeRecord(), makeRecord('succeeded', { id: 'run-2', dedupId: 'dedup-2', job: jobRef('job-2') })],
    },
  ],
  [
    'a repeat got a run of its own just as the first one ended',
    {
      acknowledged: [makeAck(), makeAck({}, 'enqueued', 'run-2')],
      queue: [...lifeInQueue('run-1'), ...lifeInQueue('run-2')],
      runs: [makeRecord(), makeRecord('superseded', { id: 'run-2', ...NO_JOB, reason: HANDLED })],
    },
  ],
  [
    'an alert resolved before it had a Job',
    { sent: [makeSent(), makeSent({ status: 'resolved' })], jobs: [], runs: [makeRecord('superseded', NO_JOB)] },
  ],
  ['an alert has no Operario', { jobs: [], runs: [makeRecord('unmatched', { job: undefined, name: 'FaultAbsent' })] }],
  ['a run has adopted the Job of another', { runs: [makeRecord(), adopter()] }],
  [
    'a later firing is a run of its own, and ends with the running Job of the earlier one',
    {
      acknowledged: [makeAck(), makeAck({ alert: makeSent({ episode: 1 }) }, 'enqueued', 'run-2')],
      queue: [
        event('added', 'run-1'),
        event('added', 'run-2'),
        event('completed', 'run-1'),
        event('completed', 'run-2'),
      ],
      runs: [makeRecord(), makeRecord('succeeded', { id: 'run-2', dedupId: 'dedup-2' })],
    },
  ],
])('no violation: %s', (_, difference) => {
  expect(check({ ...goodHistory(), ...difference })).toEqual([])
})

test.each<[string, ViolationKind, Partial<History>]>([
  ['an acknowledged alert has no run', 'lost', { runs: [], jobs: [], queue: [] }],
  [
    'an acknowledged alert has no run, and the answer was cut off',
    'lost',
    { acknowledged: [makeAck({ receipt: undefined, alertKey: 'other' })] },
  ],
  ['a cooldown names a run that never existed', 'lost', { acknowledged: [makeAck({}, 'cooldown', 'run-9')] }],
  ['a run is cancelled, which no fault does', 'untrue', { runs: [makeRecord('cancelled')] }],
  ['a run ends without a recorded outcome', 'lost', { runs: [makeRecord('none')] }],
  [
    'a run that a later firing has joined is superseded, though only the earlier firing resolved',
    'lost',
    {
      sent: [makeSent(), makeSent({ status: 'resolved' }), makeSent({ episode: 1 })],
      acknowledged: [makeAck({ alert: makeSent({ episode: 1 }) }, 'deduplicated')],
      jobs: [],
      runs: [makeRecord('superseded', NO_JOB)],
    },
  ],
  ['a run has two Jobs', 'doubled', { jobs: [...lifeOf('job-1'), ...lifeOf('job-2')] }],
  [
    'a run has a second Job of the same name after the first was deleted',
    'doubled',
    { jobs: [...lifeOf('job-1'), deleted('job-1', 150), ...lifeOf('job-2', { name: 'job-1' })] },
  ],
  [
    'two Jobs of one alert run at once',
    'doubled',
    {
      jobs: [created('job-1'), created('job-2', { runId: 'run-2' }), ended('job-1'), ended('job-2')],
      runs: [makeRecord(), makeRecord('succeeded', { id: 'run-2', job: jobRef('job-2') })],
    },
  ],
  [
    'two firings of one alert have running Jobs at once',
    'doubled',
    {
      jobs: [created('job-1'), created('job-2', { runId: 'run-2' }), ended('job-1'), ended('job-2')],
      runs: [makeRecord(), makeRecord('succeeded', { id: 'run-2', dedupId: 'dedup-2', job: jobRef('job-2') })],
    },
  ],
  [
    'a repeat has a Job within the cooldown',
    'doubled',
    {
      jobs: [...lifeOf('job-1'), ...lifeOf('job-2', { runId: 'run-2', at: 1_400 })],
      queue: [...lifeInQueue('run-1'), ...lifeInQueue('run-2')],
      runs: [makeRecord(), makeRecord('succeeded', { id: 'run-2', job: jobRef('job-2') })],
    },
  ],
  ['a Job belongs to no run', 'doubled', { jobs: [...lifeOf('job-1'), ...lifeOf('job-2', { runId: 'run-9' })] }],
  [
    'two runs with one deduplication id are in flight at once',
    'doubled',
    {
      queue: [event('added', 'run-1'), event('added', 'run-2'), event('completed', 'run-1')],
      runs: [makeRecord(), adopter()],
    },
  ],
  ['a run waits forever', 'stuck', { runs: [makeRecord('none', { state: 'delayed' })] }],
  ['a run has ended, but is still in the queue', 'stuck', { runs: [makeRecord('succeeded', { state: 'active' })] }],
  ['a key is left without an expiry', 'stuck', { leftovers: ['{faults}:runs:de:abc'] }],
  ['a process exits on its own', 'stuck', { crashes: ['worker-0 exited on its own with exit code 1'] }],
  ['garbage is accepted', 'untrue', { wrongAnswers: ['post 3, garbage, was answered 202'] }],
  ['a run succeeded, but its Job never completed', 'untrue', { jobs: [created('job-1')] }],
  ['a run succeeded, but its Job failed', 'untrue', { jobs: lifeOf('job-1', {}, 'failed') }],
  [
    'a run succeeded, but its Job was deleted while it was running',
    'untrue',
    { jobs: [created('job-1'), { ...created('job-1'), type: 'DELETED' }], deletedByHand: ['job-1'] },
  ],
  [
    'a run succeeded, but its Job failed and was deleted at once',
    'untrue',
    { jobs: [...lifeOf('job-1', {}, 'failed'), { ...deleted('job-1', 101), state: 'failed' }] },
  ],
  ['a run failed, but its Job did not', 'untrue', { runs: [makeRecord('failed')] }],
  [
    'a run ended with a Job that had finished before the run began',
    'untrue',
    {
      queue: [...lifeInQueue('run-1'), ...lifeInQueue('run-2', 2_000)],
      runs: [makeRecord(), adopter()],
    },
  ],
  ['a run is lost, but its Job exists', 'untrue', { runs: [makeRecord('lost')] }],
  [
    'a run is lost without a Job, though a Job would have been kept',
    'untrue',
    { jobs: [], runs: [makeRecord('lost', NO_JOB)] },
  ],
  [
    'a run is lost without a Job, but has one that exists',
    'untrue',
    { runs: [makeRecord('lost', { job: undefined, name: 'FaultBrief' })] },
  ],
  [
    'a run is lost, though the end of its Job was visible for long enough',
    'untrue',
    { jobs: [...lifeOf('job-1'), deleted('job-1', 60_000)], runs: [makeRecord('lost')] },
  ],
  [
    'a run is superseded by one that never had a Job',
    'untrue',
    {
      jobs: [],
      runs: [
        makeRecord('unmatched', { ...NO_JOB, name: 'FaultAbsent' }),
        makeRecord('superseded', { id: 'run-2', ...NO_JOB, reason: HANDLED }),
      ],
    },
  ],
  ['a run is superseded, but had a Job', 'untrue', { sent: resolvedToo(), runs: [makeRecord('superseded', NO_JOB)] }],
  ['a run expires at once', 'untrue', { jobs: [], runs: [makeRecord('expired', NO_JOB)] }],
  ['a run is unmatched, but has an Operario', 'untrue', { jobs: [], runs: [makeRecord('unmatched', NO_JOB)] }],
  ['a run is disabled, but its Operario is not', 'untrue', { jobs: [], runs: [makeRecord('disabled', NO_JOB)] }],
  ['a run is invalid, but its alert is valid', 'untrue', { jobs: [], runs: [makeRecord('invalid', NO_JOB)] }],
  [
    'a run failed, but is completed in the queue',
    'untrue',
    { jobs: lifeOf('job-1', {}, 'failed'), runs: [makeRecord('failed', { state: 'completed' })] },
  ],
])('violation: %s', (_, kind, difference) => {
  const kinds = check({ ...goodHistory(), ...difference }).map((violation) => violation.kind)
  expect(new Set(kinds)).toEqual(new Set([kind]))
})

function makeHistory(parts: Partial<History> = {}): History {
  const empty = {
    sent: [],
    acknowledged: [],
    wrongAnswers: [],
    jobs: [],
    deletedByHand: [],
    queue: [],
    runs: [],
    leftovers: [],
    clockStepped: false,
    crashes: [],
  }
  return { ...empty, ...parts }
}

function makeSent(overrides: Partial<SentAlert> = {}): SentAlert {
  const alert = { alertname: 'FaultQuick', instance: 'host-0', status: 'firing', episode: 0, invalid: false } as const
  return { ...alert, group: 'g0', ...overrides }
}

function resolvedToo(): SentAlert[] {
  return [makeSent(), makeSent({ status: 'resolved' })]
}

function makeAck(
  overrides: Partial<Acknowledged> = {},
  result: 'enqueued' | 'deduplicated' | 'cooldown' = 'enqueued',
  runId = 'run-1',
): Acknowledged {
  return { alert: makeSent(), alertKey: ALERT_KEY, receipt: { result, runId }, ...overrides }
}

interface RecordTraits {
  id?: string
  dedupId?: string
  state?: string
  name?: string
  job?: JobRef | undefined
  reason?: string
}

/** The record of a run with this outcome, or of one that ended without a recorded outcome. */
function makeRecord(outcome: Outcome | 'none' = 'succeeded', traits: RecordTraits = {}): RunRecord {
  const { id, dedupId, name, reason, job, state } = { ...USUAL_TRAITS, ...traits }
  const run: Run = {
    id,
    dedupId,
    ...ORIGIN,
    receivedAt: 0,
    alert: makeAlert({ alertname: name }),
    ...(job && { job }),
    ...(outcome !== 'none' && { result: { outcome, reason, finishedAt: 1_000 } }),
  }
  const inQueue = outcome === 'none' || DONE.has(outcome) ? 'completed' : 'failed'
  return { id, state: state ?? inQueue, run }
}

/** A run of the same alert that follows the first one's Job. */
function adopter(): RunRecord {
  return makeRecord('succeeded', { id: 'run-2' })
}

function jobRef(uid: string): JobRef {
  return { namespace: 'default', name: uid, uid, createdAt: 0 }
}

function created(uid: string, overrides: Partial<JobEvent> = {}): JobEvent {
  return { at: 0, type: 'ADDED', uid, name: uid, runId: 'run-1', state: 'running', ...overrides }
}

function ended(uid: string, state: JobEvent['state'] = 'succeeded'): JobEvent {
  return created(uid, { at: 100, type: 'MODIFIED', state })
}

function deleted(uid: string, at: number): JobEvent {
  return created(uid, { at, type: 'DELETED', state: 'succeeded' })
}

/** A Job from its creation to its end. */
function lifeOf(uid: string, overrides: Partial<JobEvent> = {}, end: JobEvent['state'] = 'succeeded'): JobEvent[] {
  return [
    { ...created(uid), ...overrides },
    { ...ended(uid, end), ...overrides, at: (overrides.at ?? 0) + 100 },
  ]
}

function event(type: string, runId: string, at = 0): QueueEvent {
  return { at, type, runId }
}

function lifeInQueue(runId: string, at = 0): QueueEvent[] {
  return ['added', 'active', 'delayed', 'waiting', 'active', 'completed'].map((type) => event(type, runId, at))
}
