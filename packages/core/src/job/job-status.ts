/** The part of a Job that tells how far it has come. */
export interface JobWithStatus {
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] }
}

/** How far a Job has come. */
export type JobState =
  | { state: 'running' }
  | { state: 'succeeded' }
  /** `reason` and `message` as the Job controller gives them, e.g. `BackoffLimitExceeded`. */
  | { state: 'failed'; reason: string; message: string }

/**
 * Reads a Job's conditions. Only `Complete` and `Failed` are final; a count of failed pods is not, while retries remain
 * (kubernetes.io/docs/concepts/workloads/controllers/job, "Terminal Job conditions").
 */
export function jobState({ status }: JobWithStatus): JobState {
  for (const { type, status: value, reason, message } of status?.conditions ?? []) {
    if (value !== 'True') continue
    if (type === 'Complete') return { state: 'succeeded' }
    if (type === 'Failed') return { state: 'failed', reason: reason ?? 'Failed', message: message ?? '' }
  }
  return { state: 'running' }
}
