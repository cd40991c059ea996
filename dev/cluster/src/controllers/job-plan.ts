import { timestamp } from '../store/store.ts'
import type { RecordedEvent } from './event-recorder.ts'
import { condition, decideEnd, interimVerdict, type Verdict, withCondition } from './job-conditions.ts'
import {
  backoffLeft,
  type BackoffSettings,
  deadlineLeft,
  formatIndexes,
  nextIndexes,
  surplusPods,
  wantedPods,
} from './job-demand.ts'
import { type JobTally, replacesOnlyFailed, tallyPods } from './job-tally.ts'
import { conditionOf, isIndexed, isSuspended, type Job, type JobStatus } from './job-types.ts'
import type { TrackedPod } from './pod-index.ts'
import { isReady, type Pod } from './pod-types.ts'

export interface JobPlan {
  status: JobStatus
  /** One entry for each pod to create: its completion index if the Job is Indexed. */
  create: (number | undefined)[]
  /** Active pods to delete. */
  remove: Pod[]
  /** Whether the removed pods count as failed: not when the Job merely needs fewer of them. */
  removedFail: boolean
  /** When to look again though nothing happened. */
  wakeAfterMs: number | undefined
  events: RecordedEvent[]
}

export interface PlanSettings extends BackoffSettings {
  now: Date
}

/**
 * What to do for an unfinished Job. Pure: the rules are those of kube-controller-manager's Job controller, over a tally
 * that is always complete, so none of its expectations and finalizers are needed.
 */
export function planJob(job: Job, pods: readonly TrackedPod[], settings: PlanSettings): JobPlan {
  const tally = tallyPods(job, pods)
  const verdict = interimVerdict(job) ?? decideEnd(job, tally, settings.now)
  if (verdict) return windUp(job, tally, verdict, settings.now)
  if (isSuspended(job)) return suspend(job, tally, settings.now)
  return keepGoing(job, tally, settings)
}

/** Stops what still runs; the condition that ends the Job comes when the last pod has ended. */
function windUp(job: Job, tally: JobTally, { interim, final, reason, message }: Verdict, now: Date): JobPlan {
  const quiet = tally.active.length === 0 && tally.terminating === 0
  const types = quiet ? [interim, final] : [interim]
  const conditions = types
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
  return planOf(job, tally, {
    status,
    create: missing > 0 && backoff === 0 ? nextIndexes(job, tally, missing) : [],
    remove: surplusPods(tally.active, wanted),
    wakeAfterMs: alarms.length > 0 ? Math.min(...alarms) : undefined,
    events,
  })
}

/** A resumed Job starts anew: its deadline counts the time since. */
function start(job: Job, now: Date): { status: JobStatus; events: RecordedEvent[] } {
  if (!conditionOf(job, 'Suspended'))
    return { status: { startTime: job.status?.startTime ?? timestamp(now) }, events: [] }
  const resumed = condition('Suspended', { reason: 'JobResumed', message: 'Job resumed', now, status: 'False' })
  return {
    status: { startTime: timestamp(now), conditions: withCondition(job.status?.conditions ?? [], resumed) },
    events: [{ type: 'Normal', reason: 'Resumed', message: 'Job resumed' }],
  }
}

function planOf(job: Job, tally: JobTally, draft: Partial<JobPlan> & { status: JobStatus }): JobPlan {
  const plan = { create: [], remove: [], removedFail: false, wakeAfterMs: undefined, events: [], ...draft }
  const { active: _, ...before } = job.status ?? {}
  return { ...plan, status: { ...before, ...plan.status, ...countsOf(job, tally, plan) } }
}

/** The counts as they are once the plan is carried out. Those of nothing are left out, as by Go's `omitempty`. */
function countsOf(job: Job, tally: JobTally, { create, remove }: Pick<JobPlan, 'create' | 'remove'>): JobStatus {
  const removed = new Set(remove)
  const staying = tally.active.filter((pod) => !removed.has(pod))
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
