import type { History } from '../history.ts'
import type { Violation } from '../violations.ts'

/** Each deduplication id has at most one run in flight, by the order in which Redis itself executed things. */
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
        kind: 'doubled',
        text: `run ${runId} was added while ${other}, with the same deduplication id, was in flight`,
      })
    }
    if (type === 'added') inFlight.set(dedupId, runId)
    else if ((type === 'completed' || type === 'failed') && other === runId) inFlight.delete(dedupId)
  }
  return violations
}

/** No run is still waiting once everything is healed and quiet. */
export function noRunStuck({ runs }: History): Violation[] {
  return runs
    .filter(({ state }) => !ENDED.has(state))
    .map(({ id, state, run }) => ({
      kind: 'stuck',
      text: `run ${id} of ${run?.alert.alertname} is still ${state}; its Job is ${run?.job?.name ?? 'not created'}`,
    }))
}

/** `unknown` is no run at all, which other rules judge. */
const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'unknown'])
