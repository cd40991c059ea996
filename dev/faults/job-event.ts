import { type JobWithStatus, jobState, LABEL } from '@opifer/core'
import type { JobEvent } from './history.ts'

/** The checker's view of a change of a Job. */
export function jobEvent(type: JobEvent['type'], job: JobWithIdentity): JobEvent {
  const { uid, name, labels } = job.metadata
  return {
    at: Date.now(),
    type,
    uid,
    name,
    runId: labels?.[LABEL.runId] ?? '',
    state: jobState(job as JobWithStatus).state,
  }
}

interface JobWithIdentity {
  metadata: { uid: string; name: string; labels?: Record<string, string> }
}
