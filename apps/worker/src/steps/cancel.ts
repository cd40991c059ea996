import type { JobRef } from '@opifer/core'
import type { Marks } from '@opifer/queue'
import type { KubeApi } from '../kubernetes/client/api.ts'
import { classify } from '../kubernetes/client/errors.ts'
import type { Refusal } from './admit.ts'

export interface CancelDeps {
  api: Pick<KubeApi, 'deleteJob'>
  marks: Pick<Marks, 'cancelledBy'>
  /** Makes sure that the run is still this worker's. */
  confirm: () => Promise<void>
}

/** Deletes a run's Job, if somebody has asked for the run's end; else undefined. Throws for what may pass. */
export async function cancel(runId: string, job: JobRef, deps: CancelDeps): Promise<Refusal | undefined> {
  const by = await deps.marks.cancelledBy(runId)
  if (by === undefined) return undefined
  await deps.confirm()
  await deps.api.deleteJob(job).catch((error: unknown) => {
    throw classify(error, `deleting Job ${job.namespace}/${job.name}`)
  })
  return cancellation(by)
}

export function cancellation(by: string): Refusal {
  return { outcome: 'cancelled', reason: `cancelled by ${by}` }
}
