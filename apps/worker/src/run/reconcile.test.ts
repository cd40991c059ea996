import type { Resolution, Run } from '@opifer/core'
import { makeAlert, makeOperario, makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import type { ObservedJob } from '../kubernetes/informers/jobs.ts'
import type { Admission, Refusal } from '../steps/admit.ts'
import type { Creation } from '../steps/create.ts'
import type { Finding } from '../steps/find.ts'
import { makeJobRef, RECEIVED_AT } from '../testing/builders.ts'
import { type Steps, takeTurn, type Turn } from './run.ts'

const job = makeJobRef()
const { configMap, key, resourceVersion, manifestHash } = makeOperario()
const operario = { configMap, key, resourceVersion, manifestHash, cooldownMs: 5_000 }
const fresh = makeRun()
const created = makeRun({ job, operario })
const result = { outcome: 'succeeded', reason: 'the Job completed', finishedAt: RECEIVED_AT } as const
const FINISHED_AT = RECEIVED_AT + 1_000

const ADMITTED: Admission = { kind: 'admitted', alert: makeAlert(), finishedJobs: 2 }
const FOUND: Resolution = { kind: 'found', operario: makeOperario({ cooldownMs: 5_000 }) }
const CREATED: Creation = { kind: 'created', job, remarks: [], warnings: [], variables: [] }

/** What each step answers; a step that is not in a case must not be taken. */
interface Answers {
  admit?: Admission
  resolve?: Resolution
  create?: Creation
  find?: Finding
  track?: ObservedJob
  cancel?: Refusal
}

test.each<{ what: string; run: Run; answers: Answers; want: object; taken: string }>([
  {
    what: 'a fresh run gets its Job and waits for it',
    run: fresh,
    answers: { admit: ADMITTED, resolve: FOUND, create: CREATED },
    want: { kind: 'waiting', run: { ...fresh, operario, job } },
    taken: 'admit resolve create',
  },
  {
    what: 'a fresh run adopts a Job that is there already, and waits for it',
    run: fresh,
    answers: { admit: ADMITTED, resolve: FOUND, create: { ...CREATED, kind: 'adopted' } },
    want: { kind: 'waiting', run: { ...fresh, operario, job } },
    taken: 'admit resolve create',
  },
  ...(['invalid', 'superseded', 'expired'] as const).map((outcome) => ({
    what: `a run that is not admitted ends ${outcome}, and no Operario is looked for`,
    run: fresh,
    answers: { admit: { kind: 'refused', outcome, reason: 'so' } } as const,
    want: over(outcome, 'so'),
    taken: 'admit find record',
  })),
  ...(['unmatched', 'disabled', 'invalid'] as const).map((kind) => ({
    what: `a run without an Operario to use ends ${kind}, and no Job is made`,
    run: fresh,
    answers: { admit: ADMITTED, resolve: { kind, reason: 'so' } } as const,
    want: over(kind, 'so'),
    taken: 'admit resolve find record',
  })),
  {
    what: 'a run whose Job is refused ends with the reason',
    run: fresh,
    answers: { admit: ADMITTED, resolve: FOUND, create: { kind: 'refused', outcome: 'invalid', reason: 'so' } },
    want: over('invalid', 'so'),
    taken: 'admit resolve create find record',
  },
  ...(
    [
      { admit: { kind: 'refused', outcome: 'superseded', reason: 'so' } },
      { admit: ADMITTED, resolve: { kind: 'unmatched', reason: 'so' } },
      { admit: ADMITTED, resolve: FOUND, create: { kind: 'refused', outcome: 'invalid', reason: 'so' } },
    ] as const
  ).map((answers) => ({
    what: `a run that would end at ${Object.keys(answers).at(-1)}, but has a Job by a turn that died, waits for that`,
    run: fresh,
    answers: { ...answers, find: { kind: 'found', job } as const },
    want: { kind: 'waiting', run: { ...fresh, job } },
    taken: `${Object.keys(answers).join(' ')} find`,
  })),
  {
    what: 'a run that would be turned away, but may have had a Job that nobody saw, says so',
    run: fresh,
    answers: {
      admit: { kind: 'refused', outcome: 'superseded', reason: 'so' },
      find: { kind: 'unseen', outcome: 'lost', reason: 'who knows' },
    },
    want: over('lost', 'who knows'),
    taken: 'admit find record',
  },
  {
    what: 'a run whose Job runs goes on waiting, as it is',
    run: created,
    answers: { track: { state: 'running' } },
    want: { kind: 'waiting', run: created },
    taken: 'track cancel',
  },
  ...(['running', 'gone'] as const).map((state) => ({
    what: `a run whose Job is ${state}, and that somebody does not want, ends cancelled`,
    run: created,
    answers: { track: { state }, cancel: { outcome: 'cancelled', reason: 'cancelled by ada' } } as const,
    want: over('cancelled', 'cancelled by ada'),
    taken: 'track cancel record',
  })),
  ...(['succeeded', 'failed', 'gone'] as const).map((state) => ({
    what: `a run whose Job is ${state} is concluded and recorded`,
    run: created,
    answers: { track: state === 'failed' ? { state, reason: 'r', message: 'm' } : { state } } as const,
    want: { kind: 'over', result: { outcome: 'lost', reason: state, exits: [], log: 'end', finishedAt: FINISHED_AT } },
    taken: state === 'gone' ? 'track cancel conclude record' : 'track conclude record',
  })),
  {
    what: 'a run whose result stands already is over, and nothing is done again but to tell of it',
    run: { ...created, result },
    answers: {},
    want: { kind: 'over', result },
    taken: 'retell',
  },
])('$what', async ({ run, answers, want, taken }) => {
  const { steps, log } = stepsThat(answers)
  expect(await takeTurn(run, steps)).toEqual(want)
  expect(log.join(' ')).toBe(taken)
})

test('a run that waits as it is, is the same object, so that nobody need save it', async () => {
  const turn = await takeTurn(created, stepsThat({ track: { state: 'running' } }).steps)
  expect(turn.kind === 'waiting' && turn.run).toBe(created)
})

test('each step is given what the ones before it have found', async () => {
  const requests: unknown[] = []
  const { steps } = stepsThat({ admit: ADMITTED, resolve: FOUND, create: CREATED })
  const create: Steps['create'] = (request) => {
    requests.push(request)
    return steps.create(request)
  }
  await takeTurn(fresh, { ...steps, create })
  expect(requests).toMatchObject([
    { run: fresh, alert: makeAlert(), finishedJobs: 2, operario: makeOperario({ cooldownMs: 5_000 }) },
  ])
})

test.each(['admit', 'create', 'track', 'conclude', 'record'] as const)(
  'what %s throws is nobody else’s',
  async (step) => {
    const { steps } = stepsThat({ admit: ADMITTED, resolve: FOUND, create: CREATED, track: { state: 'succeeded' } })
    const broken = { ...steps, [step]: () => Promise.reject(new Error(`${step} failed`)) }
    const run = step === 'admit' || step === 'create' ? fresh : created
    await expect(takeTurn(run, broken)).rejects.toThrow(`${step} failed`)
  },
)

function stepsThat(answers: Answers): { steps: Steps; log: string[] } {
  const log: string[] = []
  const answer = <Step extends keyof Answers>(step: Step): NonNullable<Answers[Step]> => {
    log.push(step)
    const found = answers[step]
    if (found === undefined) throw new Error(`${step} must not be taken`)
    return found
  }
  const steps: Steps = {
    admit: async () => answer('admit'),
    resolve: () => answer('resolve'),
    create: async () => answer('create'),
    async find() {
      log.push('find')
      return answers.find ?? { kind: 'none' }
    },
    track: async () => answer('track'),
    async conclude(_job, { state }) {
      log.push('conclude')
      return { outcome: 'lost', reason: state, exits: [], log: 'end' }
    },
    async cancel() {
      log.push('cancel')
      return answers.cancel
    },
    async retell() {
      log.push('retell')
    },
    async record(_run, ending) {
      log.push('record')
      return { ...ending, finishedAt: FINISHED_AT }
    },
  }
  return { steps, log }
}

function over(outcome: string, reason: string): Partial<Turn> {
  return { kind: 'over', result: { outcome, reason, finishedAt: FINISHED_AT } } as Partial<Turn>
}
