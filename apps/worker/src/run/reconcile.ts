import type { Operario, OperarioRef, Resolution, Result, Run } from '@opifer/core'
import { admit } from './admit.ts'
import { begin } from './begin.ts'
import { cancel } from './cancel.ts'
import type { Attempt, CreatedRun, EndedRun, Rejection, RunContext, RunEnd } from './context.ts'
import { create } from './create.ts'
import { lookUpJob } from './look-up.ts'
import { readOutcome } from './outcome.ts'
import { finish, record } from './record.ts'
import { resolve } from './resolve.ts'
import { track } from './track.ts'

/** Where an attempt leaves its run: waiting for its Job, or ended. */
export type Progress = { kind: 'waiting'; run: CreatedRun } | { kind: 'ended'; result: Result }

/**
 * One attempt of a run: resolve → create → track → record. Any worker may make it, after any crash: the state of a run is
 * in Redis and in its Job. Throws for whatever may pass; the run is then retried.
 */
export async function reconcile(run: Run, context: RunContext): Promise<Progress> {
  if (isEnded(run)) return close(run, context)
  if (isCreated(run)) return follow(run, context)

  const resolution = resolve(run, context)
  const attempt = await begin(run, resolution, context)

  const admission = admit(run, resolution, attempt, context)
  if (admission.kind === 'rejected') return reject(run, { attempt, resolution, rejection: admission }, context)

  const creation = await create({ run, attempt, ...admission }, context)
  if (creation.kind === 'rejected') return reject(run, { attempt, resolution, rejection: creation }, context)

  return { kind: 'waiting', run: { ...run, operario: refTo(admission.operario), job: creation.job } }
}

/** Ends a run whose result is recorded, as when a worker crashed before the run left the queue. */
async function close(run: EndedRun, context: RunContext): Promise<Progress> {
  // A worker of an older version may have crashed between the result and the rest of the record.
  if (run.alertKey === undefined) await finish(run, undefined, context)
  return { kind: 'ended', result: run.result }
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
async function reject(
  run: Run,
  { attempt, resolution, rejection }: { attempt: Attempt; resolution: Resolution; rejection: Rejection },
  context: RunContext,
): Promise<Progress> {
  if (context.isFirst) return end(run, rejection, context)
  const lookup = await lookUpJob(run, attempt, context)
  if (lookup.kind !== 'found') return end(run, lookup.kind === 'rejected' ? lookup : rejection, context)
  const operario = resolution.kind === 'found' ? refTo(resolution.operario) : undefined
  return { kind: 'waiting', run: { ...run, operario, job: lookup.job } }
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
