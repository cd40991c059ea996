import { duration } from './format.ts'
import type { ShownRun } from './shown-run.ts'

/** A step of a run that happened, or the one that comes next. */
export interface Stage {
  kind: 'done' | 'attempt' | 'next'
  what: string
  detail?: string | undefined
  /** Milliseconds since the epoch; undefined for the next step. */
  at?: number
  /** Milliseconds since the previous stage. */
  after?: number
  /** `after` is accurate to whole seconds only. */
  inSeconds?: boolean
}

/** The stages of a run in a fixed order: Job times come from the cluster's clock, in whole seconds, so sorting would mix them up. */
export function timeline(shown: ShownRun): Stage[] {
  const { run, startedAt, job, jobTimes, result } = shown
  const stages: Stage[] = [{ kind: 'done', what: 'Received', detail: received(shown), at: run.receivedAt }]
  if (startedAt !== undefined) stages.push({ kind: 'done', what: 'Picked up by a worker', at: startedAt })
  stages.push(...failures(shown, ({ at }) => job === undefined || at < job.createdAt))
  if (job)
    stages.push({
      kind: 'done',
      what: job.adopted ? 'Existing Job adopted' : 'Job created',
      detail: `${job.namespace}/${job.name}`,
      at: job.createdAt,
    })
  if (jobTimes?.startedAt !== undefined)
    stages.push({ kind: 'done', what: 'Job started', at: jobTimes.startedAt, inSeconds: true })
  stages.push(...failures(shown, ({ at }) => job !== undefined && at >= job.createdAt))
  if (jobTimes?.endedAt !== undefined)
    stages.push({ kind: 'done', what: 'Job ended', at: jobTimes.endedAt, inSeconds: true })
  if (result)
    stages.push({ kind: 'done', what: `Recorded as ${result.outcome}`, detail: result.reason, at: result.finishedAt })
  else if (shown.leftQueue)
    stages.push({ kind: 'attempt', what: 'No longer in the queue', detail: 'its result was not recorded' })
  else stages.push({ kind: 'next', what: next(shown) })
  return stages.map(withTimeSincePrevious)
}

function received({ run, repeats }: ShownRun): string {
  if (run.retryOf) return `requested by ${run.requestedBy ?? 'an operator'} as a retry of an earlier run`
  const repeated = repeats === 0 ? '' : `; repeated ${repeats === 1 ? 'once' : `${repeats} times`}`
  return `by receiver ${run.receiver || '(unnamed)'}${repeated}`
}

function failures({ errors, attempts }: ShownRun, isHere: (error: { at: number }) => boolean): Stage[] {
  const first = attempts - errors.length + 1
  return errors
    .map((error, index): Stage & { at: number } => ({
      kind: 'attempt',
      what: `Attempt ${first + index} failed`,
      detail: error.message,
      at: error.at,
    }))
    .filter(isHere)
}

function next({ startedAt, job }: ShownRun): string {
  if (startedAt === undefined) return 'Waiting for a worker'
  return job ? 'Waiting for the Job to end' : 'Waiting for a Job'
}

function withTimeSincePrevious(stage: Stage, index: number, all: readonly Stage[]): Stage {
  const previous = all[index - 1]
  if (previous?.at === undefined || stage.at === undefined) return stage
  const inSeconds = stage.inSeconds || previous.inSeconds
  return { ...stage, after: Math.max(0, stage.at - previous.at), ...(inSeconds && { inSeconds }) }
}

/**
 * What the alert did after the run, which shows whether the run helped.
 *
 * @param later the next runs of the same alert, newest first
 */
export function aftermath({ run, result }: ShownRun, later: readonly ShownRun[]): string | undefined {
  if (run.alert.status !== 'firing' || !result) return undefined
  const following = later.at(-1)
  if (!following) return 'The alert has not been received since.'
  const elapsed = following.run.receivedAt - result.finishedAt
  const when = elapsed >= 0 ? `${duration(elapsed)} after this run ended` : 'before this run ended'
  if (following.run.retryOf) return `An operator retried it ${when}.`
  return following.run.alert.status === 'resolved' ? `The alert resolved ${when}.` : `The alert fired again ${when}.`
}
