import type { JobRef, OperarioRef, Result, Run } from '@opifer/core'

/** What is kept of a run for people to look at. Times are milliseconds since the epoch. */
export interface RunRecord {
  id: string
  run: Pick<Run, 'dedupId' | 'receiver' | 'groupKey' | 'receivedAt' | 'alert'> & {
    /** The run that somebody asked to be tried again, and who did. */
    retryOf?: string
    requestedBy?: string
  }
  /** When a worker took it up first. */
  startedAt: number
  operario?: OperarioRef & { manifestHash: string }
  job?: JobRef & { adopted: boolean }
  /** As the Job's own status tells. */
  jobTimes?: { startedAt?: number; endedAt?: number }
  /** Attempts that failed; `errors` holds the last of them, oldest first. */
  attempts: number
  errors: AttemptError[]
  /** Webhooks that brought the same alert again and joined this run. */
  repeats: number
  repeatedAt?: number
  /** Set once the run is over. */
  result?: Result
}

export interface AttemptError {
  at: number
  message: string
}
