import { classify } from '../kubernetes/client/errors.ts'
import type { CreatedRun, Rejection, RunContext } from './context.ts'

/** Deletes a run's Job if an operator cancelled the run; undefined if none did. Throws for whatever may pass. */
export async function cancel(
  { id, job }: CreatedRun,
  { flags, api }: Pick<RunContext, 'flags' | 'api'>,
): Promise<Rejection | undefined> {
  const by = await flags.cancelledBy(id)
  if (by === undefined) return undefined
  // No lease is needed: the delete names the Job's uid, and whichever worker deletes this very Job does right.
  await api.deleteJob(job).catch((error: unknown) => {
    throw classify(error, `deleting Job ${job.namespace}/${job.name}`)
  })
  return cancellation(by)
}

export function cancellation(by: string): Rejection {
  return { kind: 'rejected', outcome: 'cancelled', reason: `cancelled by ${by}` }
}
