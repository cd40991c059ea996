/** The part of a Job that `jobState` reads. */
export interface JobWithStatus {
  status?: {
    startTime?: string
    completionTime?: string
    conditions?: { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string }[]
  }
}

/** Start and end of a Job's pods in milliseconds since the epoch, if the status has them. */
export interface JobTimes {
  startedAt?: number | undefined
  endedAt?: number | undefined
}

export type JobState =
  | { state: 'running' }
  | ({ state: 'succeeded' } & JobTimes)
  /** `reason` and `message` come from the Job controller, e.g. `BackoffLimitExceeded`. */
  | ({ state: 'failed'; reason: string; message: string } & JobTimes)

/**
 * Reads a Job's conditions. Only `Complete` and `Failed` are final; failed pods may still be retried
 * (kubernetes.io/docs/concepts/workloads/controllers/job, "Terminal Job conditions").
 */
export function jobState({ status }: JobWithStatus): JobState {
  for (const { type, status: value, reason, message, lastTransitionTime } of status?.conditions ?? []) {
    if (value !== 'True') continue
    const times = { startedAt: read(status?.startTime), endedAt: read(status?.completionTime ?? lastTransitionTime) }
    if (type === 'Complete') return { state: 'succeeded', ...times }
    if (type === 'Failed') return { state: 'failed', reason: reason ?? 'Failed', message: message ?? '', ...times }
  }
  return { state: 'running' }
}

function read(time: string | undefined): number | undefined {
  const ms = Date.parse(time ?? '')
  return Number.isNaN(ms) ? undefined : ms
}
