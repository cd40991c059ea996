import type { Alert, JobRef, Resolution, Result, Run } from '@opifer/core'
import type { ObservedJob } from '../kubernetes/informers/jobs.ts'
import type { Admission, Refusal } from '../steps/admit.ts'
import type { Creation, CreateRequest } from '../steps/create.ts'
import type { Finding } from '../steps/find.ts'
import type { Ending } from '../steps/record.ts'

/** What a run does, step by step; each is a file of its own in `steps/`. */
export interface Steps {
  admit: (run: Run) => Promise<Admission>
  resolve: (alert: Alert) => Resolution
  create: (request: CreateRequest) => Promise<Creation>
  /** Looks for the run's Job, should a turn before this one have made it without living to note it. */
  find: (run: Run) => Promise<Finding>
  track: (job: JobRef) => Promise<ObservedJob>
  /** Puts the end of a Job into words. */
  conclude: (job: JobRef, sighting: Exclude<ObservedJob, { state: 'running' }>) => Promise<Ending>
  /** Ends the run's Job, which runs or is gone, if somebody has asked for that. */
  cancel: (run: CreatedRun) => Promise<Refusal | undefined>
  record: (run: Run, ending: Ending) => Promise<Result>
  /** Tells once more how a run ended that a worker recorded without living to close it. */
  retell: (run: EndedRun) => Promise<void>
}

/** A run whose Job is there. */
export type CreatedRun = Run & { job: JobRef }

/** A run whose end is on record. */
export type EndedRun = Run & { result: Result }

/** Where a run stands after a turn: it waits for its Job, or it is over. */
export type Turn = { kind: 'waiting'; run: CreatedRun } | { kind: 'over'; result: Result }

/**
 * One turn of a run: resolve → build → create → track → record. A run may take its turn in any worker and after any
 * crash: what it has done is in Redis and in its Job. Throws for what may pass.
 */
export async function takeTurn(run: Run, steps: Steps): Promise<Turn> {
  if (isEnded(run)) return close(run, steps)
  if (isCreated(run)) return follow(run, steps)

  const admission = await steps.admit(run)
  if (admission.kind === 'refused') return turnAway(run, admission, steps)

  const resolution = steps.resolve(admission.alert)
  if (resolution.kind !== 'found') {
    return turnAway(run, { outcome: resolution.kind, reason: resolution.reason }, steps)
  }

  const creation = await steps.create({ run, operario: resolution.operario, ...admission })
  if (creation.kind === 'refused') return turnAway(run, creation, steps)

  const { configMap, key, resourceVersion, manifestHash, cooldownMs } = resolution.operario
  const operario = { configMap, key, resourceVersion, manifestHash, cooldownMs }
  return { kind: 'waiting', run: { ...run, operario, job: creation.job } }
}

async function close(run: EndedRun, steps: Steps): Promise<Turn> {
  await steps.retell(run)
  return { kind: 'over', result: run.result }
}

/** Ends a run without a Job, unless it has one: then it is too late for that. */
async function turnAway(run: Run, { outcome, reason }: Refusal, steps: Steps): Promise<Turn> {
  const finding = await steps.find(run)
  if (finding.kind === 'found') return { kind: 'waiting', run: { ...run, job: finding.job } }
  return end(run, finding.kind === 'unseen' ? finding : { outcome, reason }, steps)
}

async function follow(run: CreatedRun, steps: Steps): Promise<Turn> {
  const sighting = await steps.track(run.job)
  const { state } = sighting
  // One that is gone may have been deleted by a turn that did not live to say so.
  const cancellation = state === 'running' || state === 'gone' ? await steps.cancel(run) : undefined
  if (cancellation) return end(run, cancellation, steps)
  return state === 'running' ? { kind: 'waiting', run } : end(run, await steps.conclude(run.job, sighting), steps)
}

function isEnded(run: Run): run is EndedRun {
  return run.result !== undefined
}

function isCreated(run: Run): run is CreatedRun {
  return run.job !== undefined
}

async function end(run: Run, { outcome, reason, exits, log, jobTimes }: Ending, steps: Steps): Promise<Turn> {
  return { kind: 'over', result: await steps.record(run, { outcome, reason, exits, log, jobTimes }) }
}
