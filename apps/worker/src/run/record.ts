import type { JobTimes, Result, Run } from '@opifer/core'
import { serializeRun } from '@opifer/queue'
import type { EndedRun, RunContext, RunEnd } from './context.ts'

type Context = Pick<RunContext, 'transitions' | 'lease' | 'stored' | 'settings' | 'metrics' | 'log' | 'now'>

/** Records how a run ended, starts the cooldown if it had a Job, and writes metrics and the log. */
export async function record(run: Run, { jobTimes, ...end }: RunEnd, context: Context): Promise<Result> {
  const { metrics, log, now } = context
  const result: Result = { ...end, finishedAt: now() }
  await finish({ ...run, result }, jobTimes, context)
  metrics.ended(run, result)
  const seconds = (result.finishedAt - run.receivedAt) / 1_000
  log.info(
    { outcome: result.outcome, reason: result.reason, exits: result.exits, job: run.job?.name, seconds },
    'run ended',
  )
  return result
}

/** Writes a result to Redis in one transition. Doing so again changes nothing but the end of the cooldown. */
export async function finish(
  run: EndedRun,
  jobTimes: JobTimes | undefined,
  { transitions, lease, stored, settings }: Context,
): Promise<void> {
  const cooldownMs = run.job ? (run.operario?.cooldownMs ?? settings.cooldown) : 0
  await transitions.finish(run, lease, { data: serializeRun(stored, run), cooldownMs, jobTimes })
}
