import type { Resolution, Run } from '@opifer/core'
import type { Attempt, RunContext } from './context.ts'

/**
 * Begins an attempt with one script: renews the lease, reads what admission needs, and writes the history. Where a create
 * will follow at once, the same script marks it as in doubt, which saves another one.
 */
export async function begin(
  run: Run,
  resolution: Resolution,
  { transitions, lease, limiter, settings, now }: RunContext,
): Promise<Attempt> {
  const at = now()
  const renewedAt = performance.now()
  const createsNext = resolution.kind === 'found' && at - run.receivedAt <= settings.maxAge && limiter.hasRoom()
  const { isMarked, ...state } = await transitions.begin(run, lease, { at, inDoubtFrom: createsNext ? at : undefined })
  return { ...state, mark: isMarked ? { job: state.nextJob, at: renewedAt } : undefined }
}
