import { episode, isInvalid, type JobTimes, type Result, type Run } from '@opifer/core'
import type { HistoryWriter } from '@opifer/history'
import type { Lock } from '@opifer/history'
import type { Marks } from '@opifer/queue'
import type { Logger } from '@opifer/platform/telemetry'
import type { WorkerMetrics } from '../metrics.ts'

export type Ending = Omit<Result, 'finishedAt'> & {
  /** Of the run's Job, if it had one to its end. */
  jobTimes?: JobTimes | undefined
}

export interface RecordDeps {
  marks: Pick<Marks, 'finishJob'>
  /** Keeps the run in the queue as it now is. */
  save: (run: Run) => Promise<void>
  history: Pick<HistoryWriter, 'ended'>
  /** Tells whether the run is still this worker's. */
  lock: Lock
  metrics: WorkerMetrics
  log: Logger
  now: () => number
  /** Milliseconds, where the Operario does not say. */
  cooldown: number
}

/** Writes down how a run ended. Cooldown and count stand before the run leaves the queue, so that no repeat can slip in between. */
export async function record(run: Run, { jobTimes, ...ending }: Ending, deps: RecordDeps): Promise<Result> {
  const { history, metrics, log, now } = deps
  const result: Result = { ...ending, finishedAt: now() }
  await Promise.all([
    deps.save({ ...run, result }),
    history.ended({ ...run, result }, deps.lock, jobTimes),
    run.job && finishJob(run, deps),
  ])
  metrics.ended(run, result)
  const seconds = (result.finishedAt - run.receivedAt) / 1_000
  log.info(
    { outcome: result.outcome, reason: result.reason, exits: result.exits, job: run.job?.name, seconds },
    'run ended',
  )
  return result
}

/** Longer than any alert is repeated after the Job of its episode has finished. */
const EPISODE_MS = 7 * 24 * 3_600_000

function finishJob({ id, dedupId, alert, operario }: Run, { marks, lock, cooldown }: RecordDeps): Promise<void> {
  const startsAt = isInvalid(alert) ? undefined : alert.startsAt
  const cooldownMs = operario?.cooldownMs ?? cooldown
  return marks.finishJob(
    { dedupId, episode: episode(dedupId, startsAt), runId: id, cooldownMs, keepMs: EPISODE_MS },
    lock,
  )
}
