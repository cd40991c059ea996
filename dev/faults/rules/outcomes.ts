import { isInvalid, isDone, type Outcome, type Result, type Run } from '@opifer/core'
import type { Violation } from '../checker.ts'
import type { History, JobEvent, RunRecord } from '../history.ts'

/** Every recorded outcome is what really happened. */
export function honestOutcomes({ runs, jobs, clockStepped }: History): Violation[] {
  const byUid = Map.groupBy(jobs, ({ uid }) => uid)
  const byRun = Map.groupBy(jobs, ({ runId }) => runId)
  return runs.flatMap((record) => {
    const { id, run } = record
    if (!run?.result) return []
    const { result } = run
    const evidence = { run, runs, own: byRun.get(id) ?? [], job: byUid.get(run.job?.uid ?? '') ?? [], clockStepped }
    return [...faultsOf(record, result), ...JUDGES[result.outcome](evidence, result)].map((fault): Violation => {
      const what = `run ${id} of ${run.alert.alertname} ended ${result.outcome} (${result.reason}), but`
      return { breach: 'untrue', text: `${what} ${fault}` }
    })
  })
}

/** What there is to judge an outcome by. */
interface Evidence {
  run: Run
  /** All that there were. */
  runs: RunRecord[]
  /** Of Jobs that were created for the run. */
  own: JobEvent[]
  /** Of the Job that the run was given, perhaps created for another. */
  job: JobEvent[]
  clockStepped: boolean
}

type Judge = (evidence: Evidence, result: Result) => string[]

const JUDGES: Record<Outcome, Judge> = {
  succeeded: ({ job }) =>
    need(
      job.some(({ state }) => state === 'succeeded'),
      'its Job never was Complete',
    ),
  failed: ({ job }) =>
    need(
      job.some(({ state }) => state === 'failed'),
      'its Job never was Failed',
    ),
  lost: (evidence) => (evidence.run.job ? judgeLost(evidence.job) : judgeUnseen(evidence)),
  superseded: (evidence, result) => [...withoutJob(evidence), ...judgeSuperseded(evidence, result)],
  expired: (evidence, { finishedAt }) => [
    ...withoutJob(evidence),
    ...need(finishedAt - evidence.run.receivedAt > MAX_AGE, 'it was not that old'),
  ],
  unmatched: (evidence) => [
    ...withoutJob(evidence),
    ...need(operarioOf(evidence.run) === 'absent', 'it has an Operario'),
  ],
  // No fault asks for the end of a run.
  cancelled: () => ['nobody asked for that'],
  disabled: (evidence) => [
    ...withoutJob(evidence),
    ...need(operarioOf(evidence.run) === 'disabled', 'its Operario is not disabled'),
  ],
  invalid: (evidence) => [
    ...withoutJob(evidence),
    ...need(isInvalid(evidence.run.alert) || operarioOf(evidence.run) === 'broken', 'nothing is wrong with it'),
  ],
}

/** The default of `--maxAge`. */
const MAX_AGE = 3_600_000

/** A Job may be missed only if it went before its end, or so soon after it that a fault can have hidden it. */
function judgeLost(job: JobEvent[]): string[] {
  const deleted = job.find(({ type }) => type === 'DELETED')
  if (!deleted) return ['its Job is there']
  const ended = job.find(({ state }) => state !== 'running')
  return need(!ended || deleted.at - ended.at < FAULTS_LAST, 'the end of its Job was to be seen for long enough')
}

/** A Job that nobody saw may be given up only when it is not there and its time to live allows that it was. */
function judgeUnseen({ run, own, clockStepped }: Evidence): string[] {
  const deleted = new Set(own.filter(({ type }) => type === 'DELETED').map(({ uid }) => uid))
  return [
    ...need(
      own.every(({ uid }) => deleted.has(uid)),
      `Job ${own[0]?.name} is there`,
    ),
    ...need(run.alert.alertname === 'FaultBrief' || clockStepped, 'its Job would be there for minutes'),
  ]
}

/** By the end of the alert, or by a run that has dealt with it. */
function judgeSuperseded({ run, runs }: Evidence, result: Result): string[] {
  const other = dealtWithBy(result)
  if (other === undefined) return need(run.alert.status === 'firing', 'what resolved has nothing to be superseded by')
  const dealt = runs.find(({ id }) => id === other)?.run
  return need(dealt?.dedupId === run.dedupId && dealt.job !== undefined, `run ${other} has not dealt with it`)
}

/** The run that a superseded one names as the one that has dealt with its alert. */
export function dealtWithBy({ reason }: Result): string | undefined {
  return /^run (\S+) has just dealt with/.exec(reason)?.[1]
}

/** Longer than posts, faults and recovery of a seed take. */
const FAULTS_LAST = 10_000

/** An end without a Job means that there was none. */
function withoutJob({ own }: Evidence): string[] {
  return need(own.length === 0, `Job ${own[0]?.name} was created for it`)
}

function faultsOf({ state }: RunRecord, { outcome }: Result): string[] {
  const expected = isDone(outcome) ? 'completed' : 'failed'
  return need(state === expected || !ENDED.has(state), `it is ${state} in the queue`)
}

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed'])

/** As `operarios.ts` has set them up. */
function operarioOf({ alert }: Run): 'working' | 'absent' | 'disabled' | 'broken' {
  const { alertname, status } = alert
  if (status === 'resolved') return alertname === 'FaultQuick' ? 'working' : 'absent'
  if (alertname === 'FaultAbsent') return 'absent'
  if (alertname === 'FaultDisabled') return 'disabled'
  return alertname === 'FaultBroken' ? 'broken' : 'working'
}

function need(holds: boolean, fault: string): string[] {
  return holds ? [] : [fault]
}
