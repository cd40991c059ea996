import type { Resolution, Run } from '@opifer/core'
import type { Attempt, RunContext } from './context.ts'

/**
 * Begins an attempt with one script: renews the lease, reads what admission needs, and writes the history. Where a create
 * will follow at once, the same script marks it as in doubt, which saves another one.
 */
export async function begin(
  run: Run,
  resolution: Resolution,
  { transitions, lease, limiter, now }: Pick<RunContext, 'transitions' | 'lease' | 'limiter' | 'now'>,
): Promise<Attempt> {
  const createsNext = resolution.kind === 'found' && limiter.hasRoom()
  const markedAt = createsNext ? performance.now() : undefined
  const at = now()
  const state = await transitions.begin(run, lease, { at, inDoubtFrom: createsNext ? at : undefined })
  return { ...state, markedAt }
}
