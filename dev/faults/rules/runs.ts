import type { Violation } from '../checker.ts'
import type { History } from '../history.ts'

/** At most one run in flight for each deduplication id, by the order in which Redis itself did things. */
export function oneRunInFlight({ queue, runs }: History): Violation[] {
  const dedupIds = new Map(runs.map(({ id, run }) => [id, run?.dedupId]))
  const inFlight = new Map<string, string>()
  const violations: Violation[] = []
  for (const { type, runId } of queue) {
    const dedupId = dedupIds.get(runId)
    if (dedupId === undefined) continue
    const other = inFlight.get(dedupId)
    if (type === 'added' && other !== undefined) {
      violations.push({
        breach: 'doubled',
        text: `run ${runId} was added while ${other}, for the same alert, was in flight`,
      })
    }
    if (type === 'added') inFlight.set(dedupId, runId)
    else if ((type === 'completed' || type === 'failed') && other === runId) inFlight.delete(dedupId)
  }
  return violations
}

/** No run waits any more when all is healed and quiet. */
export function noRunStuck({ runs }: History): Violation[] {
  return runs
    .filter(({ state }) => !ENDED.has(state))
    .map(({ id, state, run }) => ({
      breach: 'stuck',
      text: `run ${id} of ${run?.alert.alertname} is still ${state}; its Job is ${run?.job?.name ?? 'not created'}`,
    }))
}

/** `unknown` is no run at all, which is for another rule to judge. */
const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'unknown'])
