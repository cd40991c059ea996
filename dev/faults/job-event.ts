import { ANNOTATION, type JobWithStatus, jobState, LABEL } from '@opifer/core'
import type { JobEvent } from './history.ts'

/** What a change of a Job is to the checker. */
export function jobEvent(type: JobEvent['type'], job: JobWithIdentity): JobEvent {
  const { uid, name, labels, annotations } = job.metadata
  return {
    at: Date.now(),
    type,
    uid,
    name,
    runId: labels?.[LABEL.runId] ?? '',
    dedupId: annotations?.[ANNOTATION.dedupId] ?? '',
    state: jobState(job as JobWithStatus).state,
  }
}

interface JobWithIdentity {
  metadata: { uid: string; name: string; labels?: Record<string, string>; annotations?: Record<string, string> }
}
