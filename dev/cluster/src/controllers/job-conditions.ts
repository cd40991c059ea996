import { timestamp } from '../store/store.ts'
import { deadlineLeft } from './job-demand.ts'
import type { JobTally } from './job-tally.ts'
import {
  completionsOf,
  conditionOf,
  isSuspended,
  type Job,
  type JobCondition,
  type JobConditionType,
} from './job-types.ts'

/** That a Job is to end, and why: first the interim condition, then, when its pods have ended, the final one. */
export interface Verdict {
  interim: 'SuccessCriteriaMet' | 'FailureTarget'
  final: 'Complete' | 'Failed'
  reason: string
  message: string
}

/** The verdict that an earlier look came to: it stands, whatever happens to the pods since. */
export function interimVerdict(job: Job): Verdict | undefined {
  const success = conditionOf(job, 'SuccessCriteriaMet')
  if (success) return { ...ends.success, reason: success.reason, message: success.message }
  const failure = conditionOf(job, 'FailureTarget')
  return failure && { ...ends.failure, reason: failure.reason, message: failure.message }
}

export function decideEnd(job: Job, tally: JobTally, now: Date): Verdict | undefined {
  const failure = decideFailure(job, tally, now)
  if (failure) return { ...ends.failure, ...failure }
  // Without `completions` the pods agree among themselves: one success ends the Job, once the others have ended too.
  const wanted = completionsOf(job) ?? 1
  if (tally.succeeded < wanted || tally.active.length > 0) return undefined
  return { ...ends.success, reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
}

interface ConditionDetails {
  reason: string
  message: string
  now: Date
  status?: 'True' | 'False'
}

export function condition(type: JobConditionType, { now, status = 'True', ...why }: ConditionDetails): JobCondition {
  return { type, status, ...why, lastProbeTime: timestamp(now), lastTransitionTime: timestamp(now) }
}

/** The conditions with this one in its place; one that says nothing new keeps its time. */
export function withCondition(conditions: JobCondition[], next: JobCondition): JobCondition[] {
  const before = conditions.find(({ type }) => type === next.type)
  if (!before) return [...conditions, next]
  if (before.status === next.status && before.reason === next.reason) return conditions
  return conditions.map((each) => (each === before ? next : each))
}

const ends = {
  success: { interim: 'SuccessCriteriaMet', final: 'Complete' },
  failure: { interim: 'FailureTarget', final: 'Failed' },
} as const

function decideFailure(job: Job, tally: JobTally, now: Date): { reason: string; message: string } | undefined {
  if (tally.failJobMessage !== undefined) return { reason: 'PodFailurePolicy', message: tally.failJobMessage }
  if (exceedsBackoffLimit(job, tally))
    return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  if (!isSuspended(job) && deadlineLeft(job, job.status?.startTime, now) <= 0)
    return { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
  return undefined
}

/** With restartPolicy OnFailure the restarts count as well, and the limit is met one earlier, except a limit of none. */
function exceedsBackoffLimit({ spec }: Job, { failed, restarts }: JobTally): boolean {
  const limit = spec.backoffLimit ?? 6
  if (failed > limit) return true
  return spec.template.spec.restartPolicy === 'OnFailure' && restarts > 0 && restarts >= limit
}
