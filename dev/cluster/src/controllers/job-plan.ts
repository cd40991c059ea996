import type { RecordedEvent } from '../objects/event-recorder.ts'
import {
  completionsOf,
  conditionOf,
  isIndexed,
  isSuspended,
  type Job,
  type JobCondition,
  type JobConditionType,
  type JobStatus,
} from '../objects/job.ts'
import { isReady, type Pod } from '../objects/pod.ts'
import { timestamp } from '../store/store.ts'
import { completionIndexOf, type JobTally, replacesOnlyFailed, tallyPods } from './job-tally.ts'
import type { TrackedPod } from './pod-index.ts'

export interface JobPlan {
  status: JobStatus
  /** One entry for each pod to create: its completion index if the Job is Indexed. */
  create: (number | undefined)[]
  /** Active pods to delete. */
  remove: Pod[]
  /** Whether the removed pods count as failed: not if the Job merely needs fewer. */
  removedFail: boolean
  /** When to plan again if nothing happens. */
  wakeAfterMs: number | undefined
  events: RecordedEvent[]
}

export interface BackoffSettings {
  /** How long a Job waits after a failed pod before it creates the next; doubled for each further failure in a row. */
  podBackoffBaseMs: number
  podBackoffMaxMs: number
}

export interface PlanSettings extends BackoffSettings {
  now: Date
}

/**
 * What to do for an unfinished Job. Pure: the rules are those of kube-controller-manager's Job controller over a tally that
 * is always complete, so its expectations and finalizers are not needed.
 */
export function planJob(job: Job, pods: readonly TrackedPod[], settings: PlanSettings): JobPlan {
  const tally = tallyPods(job, pods)
  const verdict = interimVerdict(job) ?? decideEnd(job, tally, settings.now)
  if (verdict) return windUp(job, tally, verdict, settings.now)
  if (isSuspended(job)) return suspend(job, tally, settings.now)
  return keepGoing(job, tally, settings)
}

/** A Job's end: the interim condition comes first, the final one once its pods have ended. */
interface Verdict {
  interim: 'SuccessCriteriaMet' | 'FailureTarget'
  final: 'Complete' | 'Failed'
  reason: string
  message: string
}

const SUCCESS = { interim: 'SuccessCriteriaMet', final: 'Complete' } as const
const FAILURE = { interim: 'FailureTarget', final: 'Failed' } as const

const fail = (reason: string, message: string): Verdict => ({ ...FAILURE, reason, message })

/** An earlier verdict is final, whatever has happened to the pods since. */
function interimVerdict(job: Job): Verdict | undefined {
  for (const end of [SUCCESS, FAILURE]) {
    const { reason, message } = conditionOf(job, end.interim) ?? {}
    if (reason !== undefined && message !== undefined) return { ...end, reason, message }
  }
  return undefined
}

function decideEnd(job: Job, tally: JobTally, now: Date): Verdict | undefined {
  if (tally.failJobMessage !== undefined) return fail('PodFailurePolicy', tally.failJobMessage)
  if (exceedsBackoffLimit(job, tally)) {
    return fail('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  }
  if (!isSuspended(job) && deadlineLeft(job, job.status?.startTime, now) <= 0) {
    return fail('DeadlineExceeded', 'Job was active longer than specified deadline')
  }
  // Without `completions` one success ends the Job, once the other pods have ended too.
  if (tally.succeeded < (completionsOf(job) ?? 1) || tally.active.length > 0) return undefined
  return { ...SUCCESS, reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
}

/** With OnFailure the restarts count as well and reaching the limit suffices, except for a limit of 0. */
function exceedsBackoffLimit({ spec }: Job, { failed, restarts }: JobTally): boolean {
  const limit = spec.backoffLimit ?? 6
  if (failed > limit) return true
  return spec.template.spec.restartPolicy === 'OnFailure' && restarts > 0 && restarts >= limit
}

/** Milliseconds until the deadline; infinite without one or before the start. */
function deadlineLeft({ spec }: Job, startTime: string | undefined, now: Date): number {
  if (spec.activeDeadlineSeconds === undefined || startTime === undefined) return Infinity
  return Date.parse(startTime) + spec.activeDeadlineSeconds * 1000 - now.getTime()
}

function windUp(job: Job, tally: JobTally, { interim, final, reason, message }: Verdict, now: Date): JobPlan {
  const quiet = tally.active.length === 0 && tally.terminating === 0
  const conditions = (quiet ? [interim, final] : [interim])
    .map((type) => condition(type, { reason, message, now }))
    .reduce(withCondition, job.status?.conditions ?? [])
  const completed = final === 'Complete'
  const event: RecordedEvent = completed
    ? { type: 'Normal', reason: 'Completed', message: 'Job completed' }
    : { type: 'Warning', reason, message }
  return planOf(job, tally, {
    status: { conditions, ...(quiet && completed && { completionTime: timestamp(now) }) },
    remove: tally.active,
    removedFail: true,
    events: quiet ? [event] : [],
  })
}

function suspend(job: Job, tally: JobTally, now: Date): JobPlan {
  const suspended = condition('Suspended', { reason: 'JobSuspended', message: 'Job suspended', now })
  return planOf(job, tally, {
    status: { conditions: withCondition(job.status?.conditions ?? [], suspended) },
    remove: tally.active,
    events: conditionOf(job, 'Suspended') ? [] : [{ type: 'Normal', reason: 'Suspended', message: 'Job suspended' }],
  })
}

function keepGoing(job: Job, tally: JobTally, settings: PlanSettings): JobPlan {
  const wanted = wantedPods(job, tally)
  const missing = wanted - tally.active.length - (replacesOnlyFailed(job) ? tally.terminating : 0)
  const backoff = missing > 0 ? backoffLeft(tally, settings) : 0
  const { status, events } = start(job, settings.now)
  const alarms = [backoff, deadlineLeft(job, status.startTime, settings.now)].filter((ms) => ms > 0 && ms < Infinity)
  // Pods that have not started go first.
  const { Running: running = [], rest = [] } = Object.groupBy(tally.active, (pod) =>
    pod.status?.phase === 'Running' ? 'Running' : 'rest',
  )
  return planOf(job, tally, {
    status,
    create: missing > 0 && backoff === 0 ? nextIndexes(job, tally, missing) : [],
    remove: [...rest, ...running].slice(0, Math.max(0, tally.active.length - wanted)),
    wakeAfterMs: alarms.length > 0 ? Math.min(...alarms) : undefined,
    events,
  })
}

/** A resumed Job starts again: its deadline counts from then. */
function start(job: Job, now: Date): { status: JobStatus; events: RecordedEvent[] } {
  if (!conditionOf(job, 'Suspended')) {
    return { status: { startTime: job.status?.startTime ?? timestamp(now) }, events: [] }
  }
  const resumed = condition('Suspended', { reason: 'JobResumed', message: 'Job resumed', now, status: 'False' })
  return {
    status: { startTime: timestamp(now), conditions: withCondition(job.status?.conditions ?? [], resumed) },
    events: [{ type: 'Normal', reason: 'Resumed', message: 'Job resumed' }],
  }
}

function wantedPods(job: Job, tally: JobTally): number {
  const parallelism = job.spec.parallelism ?? 1
  const completions = completionsOf(job)
  if (completions !== undefined) return Math.max(0, Math.min(completions - tally.succeeded, parallelism))
  return tally.succeeded > 0 ? tally.active.length : parallelism
}

/** The lowest completion indexes that neither succeeded nor run; undefined entries for a Job without indexes. */
function nextIndexes(job: Job, tally: JobTally, count: number): (number | undefined)[] {
  if (!isIndexed(job)) return Array.from({ length: count }, () => undefined)
  const taken = new Set([...tally.succeededIndexes, ...tally.active.map(completionIndexOf)])
  const free = Array.from({ length: completionsOf(job) ?? 0 }, (_, index) => index).filter((index) => !taken.has(index))
  return free.slice(0, count)
}

/** Milliseconds until the next pod may be created. */
function backoffLeft(tally: JobTally, settings: PlanSettings): number {
  if (tally.failuresInARow === 0) return 0
  const whole = Math.min(settings.podBackoffBaseMs * 2 ** (tally.failuresInARow - 1), settings.podBackoffMaxMs)
  return Math.max(0, tally.lastFailureAt + whole - settings.now.getTime())
}

interface ConditionDetails {
  reason: string
  message: string
  now: Date
  status?: 'True' | 'False'
}

function condition(type: JobConditionType, { now, status = 'True', ...why }: ConditionDetails): JobCondition {
  return { type, status, ...why, lastProbeTime: timestamp(now), lastTransitionTime: timestamp(now) }
}

/** Adds or replaces the condition; an unchanged one keeps its time. */
function withCondition(conditions: JobCondition[], next: JobCondition): JobCondition[] {
  const before = conditions.find(({ type }) => type === next.type)
  if (!before) return [...conditions, next]
  if (before.status === next.status && before.reason === next.reason) return conditions
  return conditions.map((each) => (each === before ? next : each))
}

function planOf(job: Job, tally: JobTally, draft: Partial<JobPlan> & { status: JobStatus }): JobPlan {
  const plan = { create: [], remove: [], removedFail: false, wakeAfterMs: undefined, events: [], ...draft }
  const { active: _, ...before } = job.status ?? {}
  return { ...plan, status: { ...before, ...plan.status, ...countsOf(job, tally, plan) } }
}

/** The counts once the plan is executed. Zero counts are left out, as by Go's `omitempty`. */
function countsOf(job: Job, tally: JobTally, { create, remove }: Pick<JobPlan, 'create' | 'remove'>): JobStatus {
  const staying = tally.active.filter((pod) => !remove.includes(pod))
  const active = staying.length + create.length
  return {
    ...(active > 0 && { active }),
    ready: staying.filter(isReady).length,
    terminating: tally.terminating + remove.length,
    ...(tally.succeeded > 0 && { succeeded: tally.succeeded }),
    ...(tally.failed > 0 && { failed: tally.failed }),
    ...(isIndexed(job) && { completedIndexes: formatIndexes(tally.succeededIndexes) }),
    uncountedTerminatedPods: {},
  }
}

/** `status.completedIndexes`: three or more in a row become a range, as in `0,2-4`. */
function formatIndexes(indexes: readonly number[]): string {
  const ranges: [first: number, last: number][] = []
  for (const index of indexes) {
    const range = ranges.at(-1)
    if (range?.[1] === index - 1) range[1] = index
    else ranges.push([index, index])
  }
  return ranges
    .map(([first, last]) => {
      if (first === last) return `${first}`
      return `${first}${last === first + 1 ? ',' : '-'}${last}`
    })
    .join(',')
}
