import type { Operario, OperarioRef, Result, Run } from '@opifer/core'
import { admit } from './admit.ts'
import { begin } from './begin.ts'
import { cancel } from './cancel.ts'
import type { Attempt, CreatedRun, EndedRun, Rejection, RunContext, RunEnd } from './context.ts'
import { create } from './create.ts'
import { lookUpJob } from './look-up.ts'
import { readOutcome } from './outcome.ts'
import { record } from './record.ts'
import { resolve } from './resolve.ts'
import { track } from './track.ts'

/** Where an attempt leaves its run: waiting for its Job, or ended. */
export type Progress = { kind: 'waiting'; run: CreatedRun } | { kind: 'ended'; result: Result }

/**
 * One attempt of a run: resolve → create → track → record. Any worker may make it, after any crash: the state of a run is
 * in Redis and in its Job. Throws for whatever may pass; the run is then retried.
 */
export async function reconcile(run: Run, context: RunContext): Promise<Progress> {
  if (isEnded(run)) return { kind: 'ended', result: run.result }
  if (isCreated(run)) return follow(run, context)

  const resolution = resolve(run, context)
  const attempt = await begin(run, resolution, context)

  const admission = admit(run, resolution, attempt, context)
  if (admission.kind === 'rejected') return reject(run, attempt, admission, context)

  const creation = await create({ run, attempt, ...admission }, context)
  if (creation.kind === 'rejected') return reject(run, attempt, creation, context)

  return { kind: 'waiting', run: { ...run, operario: refTo(admission.operario), job: creation.job } }
}

/** Follows the Job of a run to its end. */
async function follow(run: CreatedRun, context: RunContext): Promise<Progress> {
  const observed = await track(run.job, context)
  if (observed.state === 'running' || observed.state === 'gone') {
    // A missing Job may have been cancelled by an attempt that then crashed.
    const cancellation = await cancel(run, context)
    if (cancellation) return end(run, cancellation, context)
  }
  if (observed.state === 'running') return { kind: 'waiting', run }
  return end(run, await readOutcome(run.job, observed, context), context)
}

/** Ends a run without a Job, unless an earlier attempt created one. */
async function reject(run: Run, attempt: Attempt, rejection: Rejection, context: RunContext): Promise<Progress> {
  if (context.isFirst) return end(run, rejection, context)
  const lookup = await lookUpJob(run, attempt, context)
  if (lookup.kind === 'found') return { kind: 'waiting', run: { ...run, job: lookup.job } }
  return end(run, lookup.kind === 'rejected' ? lookup : rejection, context)
}

async function end(
  run: Run,
  { outcome, reason, exits, log, jobTimes }: RunEnd,
  context: RunContext,
): Promise<Progress> {
  return { kind: 'ended', result: await record(run, { outcome, reason, exits, log, jobTimes }, context) }
}

function isEnded(run: Run): run is EndedRun {
  return run.result !== undefined
}

function isCreated(run: Run): run is CreatedRun {
  return run.job !== undefined
}

function refTo({ configMap, key, resourceVersion, manifestHash, cooldownMs }: Operario): OperarioRef {
  return { configMap, key, resourceVersion, manifestHash, cooldownMs }
}
