import type { JobRef, Outcome, Run } from '@opifer/core'
import { makeAlert } from '@opifer/core/testing'
import { describe, expect, test } from 'vitest'
import type { SentAlert } from './alerts.ts'
import { type Breach, check } from './checker.ts'
import type { Acknowledged, History, JobEvent, QueueEvent, RunRecord } from './history.ts'

const NO_JOB = { job: undefined } as const
const DEALT_WITH = 'run run-1 has just dealt with the same alert'
const DONE: ReadonlySet<Outcome> = new Set(['succeeded', 'unmatched', 'disabled', 'superseded', 'cancelled'])

/** One alert that was sent, got its Job and succeeded: nothing is wrong with it. */
function goodHistory(): History {
  return makeHistory({
    sent: [makeSent()],
    acknowledged: [makeAck()],
    jobs: lifeOf('job-1'),
    queue: lifeInQueue('run-1'),
    runs: [makeRecord()],
  })
}

test('a history without faults is clean', () => {
  expect(check(makeHistory())).toEqual([])
  expect(check(goodHistory())).toEqual([])
})

describe('a history is clean in which', () => {
  test.each<[string, Partial<History>]>([
    ['a repeat joins the run in flight', { acknowledged: [makeAck(), makeAck({}, 'deduplicated')] }],
    ['a repeat comes in the cooldown', { acknowledged: [makeAck(), makeAck({}, 'cooldown')] }],
    ['the answer was cut off, but the run is there', { acknowledged: [makeAck({ receipt: undefined })] }],
    [
      'a Job was deleted while it ran, and the run says so',
      { jobs: [made('job-1'), { ...made('job-1'), type: 'DELETED' }], runs: [makeRecord('lost')] },
    ],
    [
      'a Job that somebody deleted is made once more',
      {
        jobs: [made('job-0'), { ...made('job-0'), type: 'DELETED' }, ...lifeOf('job-1')],
        deletedByHand: ['job-0'],
      },
    ],
    [
      'a Job was gone as soon as it had ended',
      { jobs: [...lifeOf('job-1'), deleted('job-1', 150)], runs: [makeRecord('lost')] },
    ],
    [
      'the same alert has one Job after the other',
      {
        jobs: [...lifeOf('job-1'), ...lifeOf('job-2', { runId: 'run-2' })],
        queue: [...lifeInQueue('run-1'), ...lifeInQueue('run-2')],
        runs: [makeRecord(), makeRecord('succeeded', { id: 'run-2', job: jobRef('job-2') })],
      },
    ],
    [
      'a repeat got a run of its own just as the first one ended',
      {
        acknowledged: [makeAck(), makeAck({}, 'enqueued', 'run-2')],
        queue: [...lifeInQueue('run-1'), ...lifeInQueue('run-2')],
        runs: [makeRecord(), makeRecord('superseded', { id: 'run-2', ...NO_JOB, reason: DEALT_WITH })],
      },
    ],
    [
      'an alert resolved before it had a Job',
      { sent: [makeSent(), makeSent({ status: 'resolved' })], jobs: [], runs: [makeRecord('superseded', NO_JOB)] },
    ],
    [
      'an alert has no Operario',
      { jobs: [], runs: [makeRecord('unmatched', { job: undefined, name: 'FaultAbsent' })] },
    ],
    ['a run adopted the Job of another', { runs: [makeRecord(), adopter()] }],
  ])('%s', (_, difference) => {
    expect(check({ ...goodHistory(), ...difference })).toEqual([])
  })
})

describe('it is a breach when', () => {
  test.each<[string, Breach, Partial<History>]>([
    ['an acknowledged alert has no run', 'lost', { runs: [], jobs: [], queue: [] }],
    [
      'an acknowledged alert has no run, and the answer was cut off',
      'lost',
      { acknowledged: [makeAck({ receipt: undefined, dedupId: 'other' })] },
    ],
    ['a cooldown names a run that never was', 'lost', { acknowledged: [makeAck({}, 'cooldown', 'run-9')] }],
    ['a run is cancelled, which nobody asked for', 'untrue', { runs: [makeRecord('cancelled')] }],
    ['a run is over without a recorded outcome', 'lost', { runs: [makeRecord('unsaid')] }],
    [
      'a run that an alert has joined is superseded, though only its earlier firing resolved',
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
      'a run has a second Job under the same name, when the first was gone',
      'doubled',
      { jobs: [...lifeOf('job-1'), deleted('job-1', 150), ...lifeOf('job-2', { name: 'job-1' })] },
    ],
    [
      'two Jobs of one alert run at a time',
      'doubled',
      {
        jobs: [made('job-1'), made('job-2', { runId: 'run-2' }), ended('job-1'), ended('job-2')],
        runs: [makeRecord(), makeRecord('succeeded', { id: 'run-2', job: jobRef('job-2') })],
      },
    ],
    ['a Job belongs to no run', 'doubled', { jobs: [...lifeOf('job-1'), ...lifeOf('job-2', { runId: 'run-9' })] }],
    [
      'two runs of one alert are in flight at a time',
      'doubled',
      {
        queue: [event('added', 'run-1'), event('added', 'run-2'), event('completed', 'run-1')],
        runs: [makeRecord(), adopter()],
      },
    ],
    ['a run waits for ever', 'stuck', { runs: [makeRecord('unsaid', { state: 'delayed' })] }],
    ['a run is over, but still in the queue', 'stuck', { runs: [makeRecord('succeeded', { state: 'active' })] }],
    ['a key without an expiry is left', 'stuck', { leftovers: ['{faults}:runs:de:abc'] }],
    ['a process ended by itself', 'stuck', { crashes: ['worker-0 ended by itself with exit code 1'] }],
    ['garbage was accepted', 'untrue', { wrongAnswers: ['post 3, garbage, was answered 202'] }],
    ['it succeeded without its Job being Complete', 'untrue', { jobs: [made('job-1')] }],
    ['it failed without its Job having Failed', 'untrue', { runs: [makeRecord('failed')] }],
    ['it is lost, but its Job is there', 'untrue', { runs: [makeRecord('lost')] }],
    [
      'it is lost without a Job, though that would be there',
      'untrue',
      { jobs: [], runs: [makeRecord('lost', NO_JOB)] },
    ],
    [
      'it is lost without a Job, but has one that is there',
      'untrue',
      { runs: [makeRecord('lost', { job: undefined, name: 'FaultBrief' })] },
    ],
    [
      'it is lost, though the end of its Job was there to be seen',
      'untrue',
      { jobs: [...lifeOf('job-1'), deleted('job-1', 60_000)], runs: [makeRecord('lost')] },
    ],
    [
      'it is superseded by a run that never dealt with it',
      'untrue',
      {
        jobs: [],
        runs: [
          makeRecord('unmatched', { ...NO_JOB, name: 'FaultAbsent' }),
          makeRecord('superseded', { id: 'run-2', ...NO_JOB, reason: DEALT_WITH }),
        ],
      },
    ],
    ['it is superseded, but had a Job', 'untrue', { sent: resolvedToo(), runs: [makeRecord('superseded', NO_JOB)] }],
    ['it has expired at once', 'untrue', { jobs: [], runs: [makeRecord('expired', NO_JOB)] }],
    ['it is unmatched, but has an Operario', 'untrue', { jobs: [], runs: [makeRecord('unmatched', NO_JOB)] }],
    ['it is disabled, but its Operario is not', 'untrue', { jobs: [], runs: [makeRecord('disabled', NO_JOB)] }],
    ['it is invalid, but nothing is wrong with it', 'untrue', { jobs: [], runs: [makeRecord('invalid', NO_JOB)] }],
    [
      'it failed, but counts as done',
      'untrue',
      { jobs: lifeOf('job-1', {}, 'failed'), runs: [makeRecord('failed', { state: 'completed' })] },
    ],
  ])('%s', (_, breach, difference) => {
    const breaches = check({ ...goodHistory(), ...difference }).map((violation) => violation.breach)
    expect(new Set(breaches)).toEqual(new Set([breach]))
  })
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
  const alert = { alertname: 'FaultQuick', instance: 'host-0', status: 'firing', episode: 0, defective: false } as const
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
  return { alert: makeSent(), dedupId: 'dedup-1', receipt: { result, runId }, ...overrides }
}

interface RecordTraits {
  id?: string
  state?: string
  name?: string
  job?: JobRef | undefined
  reason?: string
}

/** The record of a run that has ended so, or is over without saying how. */
function makeRecord(outcome: Outcome | 'unsaid' = 'succeeded', traits: RecordTraits = {}): RunRecord {
  const { id = 'run-1', name = 'FaultQuick', reason = 'so' } = traits
  const job = 'job' in traits ? traits.job : jobRef('job-1')
  const run: Run = {
    id,
    dedupId: 'dedup-1',
    receiver: 'r',
    groupKey: '{}',
    receivedAt: 0,
    alert: makeAlert({ alertname: name }),
    ...(job && { job }),
    ...(outcome !== 'unsaid' && { result: { outcome, reason, finishedAt: 1_000 } }),
  }
  const inQueue = outcome === 'unsaid' || DONE.has(outcome) ? 'completed' : 'failed'
  return { id, state: traits.state ?? inQueue, run }
}

/** A run of the same alert that was given the first one's Job. */
function adopter(): RunRecord {
  return makeRecord('succeeded', { id: 'run-2' })
}

function jobRef(uid: string): JobRef {
  return { namespace: 'default', name: uid, uid, createdAt: 0 }
}

function made(uid: string, overrides: Partial<JobEvent> = {}): JobEvent {
  const whose = { runId: 'run-1', dedupId: 'dedup-1' }
  return { at: 0, type: 'ADDED', uid, name: uid, ...whose, state: 'running', ...overrides }
}

function ended(uid: string, state: JobEvent['state'] = 'succeeded'): JobEvent {
  return made(uid, { at: 100, type: 'MODIFIED', state })
}

function deleted(uid: string, at: number): JobEvent {
  return made(uid, { at, type: 'DELETED', state: 'succeeded' })
}

/** A Job from its creation to its end. */
function lifeOf(uid: string, overrides: Partial<JobEvent> = {}, end: JobEvent['state'] = 'succeeded'): JobEvent[] {
  return [
    { ...made(uid), ...overrides },
    { ...ended(uid, end), ...overrides },
  ]
}

function event(type: string, runId: string): QueueEvent {
  return { at: 0, type, runId }
}

function lifeInQueue(runId: string): QueueEvent[] {
  return ['added', 'active', 'delayed', 'waiting', 'active', 'completed'].map((type) => event(type, runId))
}
