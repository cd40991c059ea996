import type { JobTimes, Run, Result } from '@opifer/core'
import { alertIdOf, INDEX, operarioName } from '../indexes.ts'
import { COUNTED, intervalOf } from '../stats.ts'

export interface HistorySettings {
  /** Milliseconds for which a run is kept. */
  historyMaxAge: number
  /** The number of runs kept. */
  historyMaxRuns: number
}

/** Arguments of the functions in `HISTORY_LUA`, by position. */
export type HistoryArguments = (string | number)[]

export interface HistoryEncoder {
  /** Arguments of `recordBegan`. */
  began(run: Run, at: number): HistoryArguments
  /** Arguments of `recordEnded`. */
  ended(run: Run & { result: Result }, jobTimes?: JobTimes): HistoryArguments
}

export function createHistoryEncoder({ historyMaxAge: maxAge, historyMaxRuns }: HistorySettings): HistoryEncoder {
  /** Shared by both, as an ending run may have no record yet. */
  function recordArguments(run: Run, at: number): HistoryArguments {
    const { alertname } = run.alert
    const alert = alertIdOf(run)
    return [
      run.id,
      recordedRun(run),
      at,
      run.receivedAt,
      alertname ? INDEX.alertname(alertname) : '',
      alert === undefined ? '' : INDEX.alert(alert),
      keepMs(maxAge),
      at - maxAge,
      historyMaxRuns,
    ]
  }
  return {
    began(run, at) {
      return [...recordArguments(run, at), intervalOf(at), COUNTED.waiting(at - run.receivedAt)]
    },
    ended(run, jobTimes) {
      const { result, operario, job } = run
      const name = operario && operarioName(operario)
      const createdAt = job?.createdAt ?? 0
      return [
        ...recordArguments(run, result.finishedAt),
        JSON.stringify(result),
        INDEX.outcome(result.outcome),
        job ? JSON.stringify(job) : '',
        operario ? JSON.stringify(operario) : '',
        name === undefined ? '' : INDEX.operario(name),
        jobTimes ? JSON.stringify(jobTimes) : '',
        intervalOf(result.finishedAt),
        COUNTED.ended(result.outcome, name),
        intervalOf(createdAt),
        // An adopted Job says nothing about how long this run took to get one.
        job && !job.adopted ? COUNTED.toJob(createdAt - run.receivedAt) : '',
      ]
    },
  }
}

/** How long a record is kept. It must outlive its places in the indexes. */
export function keepMs(maxAge: number): number {
  return maxAge + 3_600_000
}

/** What a record keeps of the run from the beginning; the rest follows at its end. */
function recordedRun({ dedupId, alertKey, receiver, groupKey, receivedAt, alert, retryOf, requestedBy }: Run): string {
  return JSON.stringify({ dedupId, alertKey, receiver, groupKey, receivedAt, alert, retryOf, requestedBy })
}
