import { isDone, type Outcome, type Result, type Run } from '@opifer/core'
import { alertKeyOf } from '../alert-key.ts'
import type { History, JobEvent, RunRecord } from '../history.ts'
import { BEHAVIORS, type Behavior, RESOLVED_TOO } from '../operarios.ts'
import type { Violation } from '../violations.ts'
import { alertnameOf } from './run-facts.ts'

/** Every recorded outcome is what really happened, by the cluster's own record of each Job. */
export function outcomesAreTrue({ runs, jobs, queue, clockStepped }: History): Violation[] {
  const byUid = Map.groupBy(jobs, ({ uid }) => uid)
  const byRun = Map.groupBy(jobs, ({ runId }) => runId)
  const addedAt = new Map(queue.filter(({ type }) => type === 'added').map(({ runId, at }) => [runId, at]))
  return runs.flatMap((record) => {
    const { id, run } = record
    if (!run?.result) return []
    const { result } = run
    const evidence: Evidence = {
      run,
      runs,
      own: byRun.get(id) ?? [],
      job: byUid.get(run.job?.uid ?? '') ?? [],
      addedAt: addedAt.get(id),
      clockStepped,
    }
    const objections = [
      ...judgeQueueState(record, result),
      ...judgeJob(evidence),
      ...JUDGES[result.outcome](evidence, result),
    ]
    return objections.map((objection): Violation => {
      const claim = `run ${id} of ${run.alert.alertname} ended ${result.outcome} (${result.reason})`
      return { kind: 'untrue', text: `${claim}, but ${objection}` }
    })
  })
}

interface Evidence {
  run: Run
  /** All runs of the play. */
  runs: RunRecord[]
  /** Events of the Jobs that the run created. */
  own: JobEvent[]
  /** Events of the Job that the run followed, perhaps created by another run. */
  job: JobEvent[]
  addedAt: number | undefined
  clockStepped: boolean
}

/** Returns what contradicts the outcome. */
type Judge = (evidence: Evidence, result: Result) => string[]

const JUDGES: Record<Outcome, Judge> = {
  succeeded: ({ job }) => judgeEnd(job, 'succeeded'),
  failed: ({ job }) => judgeEnd(job, 'failed'),
  lost: (evidence) => (evidence.run.job ? judgeLost(evidence.job) : judgeInDoubt(evidence)),
  superseded: (evidence, result) => [...withoutJob(evidence), ...judgeSuperseded(evidence, result)],
  expired: (evidence, { finishedAt }) => [
    ...withoutJob(evidence),
    ...need(finishedAt - evidence.run.receivedAt > MAX_AGE, 'its alert was not that old'),
  ],
  unmatched: (evidence) => [
    ...withoutJob(evidence),
    ...need(operarioOf(evidence.run) === 'absent', 'it has an Operario'),
  ],
  cancelled: () => ['no fault cancels a run'],
  disabled: (evidence) => [
    ...withoutJob(evidence),
    ...need(operarioOf(evidence.run) === 'disabled', 'its Operario is not disabled'),
  ],
  invalid: (evidence) => [
    ...withoutJob(evidence),
    ...need(
      alertnameOf(evidence.run) === undefined || operarioOf(evidence.run) === 'broken',
      'its alert and its Operario are valid',
    ),
  ],
}

/** The default of `--maxAge`. */
const MAX_AGE = 3_600_000

/** A run may follow a Job that another run of its alert created, but only one that had not finished by then. */
function judgeJob({ job, addedAt }: Evidence): string[] {
  const end = job.find(({ type, state }) => type === 'DELETED' || state !== 'running')
  return need(!end || addedAt === undefined || end.at >= addedAt, 'its Job had ended before the run began')
}

/** An end that was missed is no end: only what the cluster itself recorded counts. */
function judgeEnd(job: JobEvent[], state: 'succeeded' | 'failed'): string[] {
  const end = job.find((event) => event.state !== 'running')?.state ?? 'never ended'
  return need(end === state, end === 'never ended' ? 'its Job never ended' : `its Job ${end}`)
}

/** The end of a Job may be missed only if it was deleted before its end, or so soon after it that a fault can have hidden it. */
function judgeLost(job: JobEvent[]): string[] {
  const deleted = job.find(({ type }) => type === 'DELETED')
  if (!deleted) return ['its Job exists']
  const ended = job.find(({ state }) => state !== 'running')
  return need(!ended || deleted.at - ended.at < FAULTS_MS, 'the end of its Job was visible for long enough')
}

/** A create in doubt may be given up only when its Job does not exist, and could have been deleted after its end by now. */
function judgeInDoubt({ run, own, clockStepped }: Evidence): string[] {
  const deleted = new Set(own.filter(({ type }) => type === 'DELETED').map(({ uid }) => uid))
  const alertname = alertnameOf(run)
  return [
    ...need(
      own.every(({ uid }) => deleted.has(uid)),
      `Job ${own[0]?.name} exists`,
    ),
    ...need(
      clockStepped || (alertname !== undefined && BEHAVIORS[alertname].vanishes),
      'its Job would have existed for minutes',
    ),
  ]
}

/** Superseded by the end of the alert, or by a run that has dealt with it. */
function judgeSuperseded({ run, runs }: Evidence, result: Result): string[] {
  const other = supersededBy(result)
  if (other === undefined) return need(run.alert.status === 'firing', 'nothing can supersede a resolved alert')
  const dealt = runs.find(({ id }) => id === other)?.run
  return need(
    dealt?.job !== undefined && alertKeyOf(dealt) === alertKeyOf(run),
    `run ${other} has not dealt with its alert`,
  )
}

/** The run that a superseded run names as having dealt with its alert. */
export function supersededBy({ reason }: Result): string | undefined {
  return /^run (\S+) has just handled/.exec(reason)?.[1]
}

/** Longer than the posts, faults and recovery of a schedule take. */
const FAULTS_MS = 10_000

/** A run that ends without a Job must not have created one. */
function withoutJob({ own }: Evidence): string[] {
  return need(own.length === 0, `it created Job ${own[0]?.name}`)
}

function judgeQueueState({ state }: RunRecord, { outcome }: Result): string[] {
  const expected = isDone(outcome) ? 'completed' : 'failed'
  return need(state === expected || !ENDED.has(state), `it is ${state} in the queue`)
}

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed'])

function operarioOf(run: Run): Behavior['operario'] {
  const alertname = alertnameOf(run)
  if (alertname === undefined) return 'absent'
  return run.alert.status === 'firing' || alertname === RESOLVED_TOO ? BEHAVIORS[alertname].operario : 'absent'
}

function need(holds: boolean, objection: string): string[] {
  return holds ? [] : [objection]
}
