import type { ShownRun } from './shown-run.ts'

/** One thing that happened in the course of a run, or that is awaited. */
export interface Stage {
  kind: 'done' | 'attempt' | 'next'
  what: string
  detail?: string | undefined
  /** Milliseconds since the epoch; undefined of what is awaited. */
  at?: number
  /** Milliseconds since the stage before it. */
  after?: number
  /** Of this time only whole seconds are known. */
  inSeconds?: boolean
}

/** What happened, in order. The Job's own times are of the cluster's clock and in whole seconds, so its order is fixed. */
export function timeline(shown: ShownRun): Stage[] {
  const { run, startedAt, job, jobTimes, result } = shown
  const happened: Stage[] = [{ kind: 'done', what: 'Received', detail: received(shown), at: run.receivedAt }]
  if (startedAt !== undefined) happened.push({ kind: 'done', what: 'Taken up by a worker', at: startedAt })
  happened.push(...failures(shown, ({ at }) => job === undefined || at < job.createdAt))
  if (job)
    happened.push({
      kind: 'done',
      what: job.adopted ? 'Job found, made by an earlier attempt' : 'Job created',
      detail: `${job.namespace}/${job.name}`,
      at: job.createdAt,
    })
  if (jobTimes?.startedAt !== undefined)
    happened.push({ kind: 'done', what: 'Job started', at: jobTimes.startedAt, inSeconds: true })
  happened.push(...failures(shown, ({ at }) => job !== undefined && at >= job.createdAt))
  if (jobTimes?.endedAt !== undefined)
    happened.push({ kind: 'done', what: 'Job ended', at: jobTimes.endedAt, inSeconds: true })
  if (result)
    happened.push({ kind: 'done', what: `Recorded as ${result.outcome}`, detail: result.reason, at: result.finishedAt })
  else if (shown.leftQueue)
    happened.push({ kind: 'attempt', what: 'No longer in the queue', detail: 'how it ended is not on record' })
  else happened.push({ kind: 'next', what: awaited(shown) })
  return happened.map(sinceTheOneBefore)
}

function received({ run, repeats }: ShownRun): string {
  if (run.retryOf) return `asked for by ${run.requestedBy ?? 'somebody'}, to try an earlier run again`
  const again = repeats === 0 ? '' : `; the same alert came ${repeats === 1 ? 'once more' : `${repeats} times more`}`
  return `by receiver ${run.receiver || '(without a name)'}${again}`
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

function awaited({ startedAt, job }: ShownRun): string {
  if (startedAt === undefined) return 'Waits for a worker'
  return job ? 'Waits for the Job to end' : 'Waits for its Job'
}

function sinceTheOneBefore(stage: Stage, index: number, all: readonly Stage[]): Stage {
  const before = all[index - 1]
  if (before?.at === undefined || stage.at === undefined) return stage
  const inSeconds = stage.inSeconds || before.inSeconds
  return { ...stage, after: Math.max(0, stage.at - before.at), ...(inSeconds && { inSeconds }) }
}
