import type { Result, Run } from '@opifer/core'
import { serializeRun } from '@opifer/queue'
import type { RunContext, RunEnd } from './context.ts'

type Context = Pick<RunContext, 'transitions' | 'lease' | 'stored' | 'settings' | 'metrics' | 'log' | 'now'>

/** Records how a run ended, starts the cooldown if it had a Job, and writes metrics and the log. */
export async function record(run: Run, { jobTimes, ...end }: RunEnd, context: Context): Promise<Result> {
  const { transitions, lease, stored, settings, metrics, log, now } = context
  const result: Result = { ...end, finishedAt: now() }
  const ended = { ...run, result }
  const cooldownMs = run.job ? (run.operario?.cooldownMs ?? settings.cooldown) : 0
  await transitions.finish(ended, lease, { data: serializeRun(stored, ended), cooldownMs, jobTimes })
  metrics.ended(run, result)
  const seconds = (result.finishedAt - run.receivedAt) / 1_000
  log.info(
    { outcome: result.outcome, reason: result.reason, exits: result.exits, job: run.job?.name, seconds },
    'run ended',
  )
  return result
}
