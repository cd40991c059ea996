import type { Violation } from '../checker.ts'
import type { History, JobEvent } from '../history.ts'

/**
 * At most one Job for each run, ever. Only a Job that somebody has deleted may be made once more: nothing is left of it, so
 * a worker that came later can't know of it.
 */
export function oneJobPerRun({ jobs, deletedByHand }: History): Violation[] {
  const gone = new Set(deletedByHand)
  const byRun = Map.groupBy(jobs.filter(isAdded), ({ runId }) => runId)
  return [...byRun]
    .filter(([, added]) => added.slice(0, -1).some(({ uid }) => !gone.has(uid)))
    .map(([runId, added]) => ({
      breach: 'doubled',
      text: `run ${runId} has ${added.length} Jobs: ${added.map(({ name }) => name).join(', ')}`,
    }))
}

/** At most one Job that has not finished for each deduplication id at any time. */
export function oneUnfinishedJobAtATime({ jobs }: History): Violation[] {
  const violations: Violation[] = []
  const unfinished = new Map<string, JobEvent>()
  for (const event of jobs) {
    const { dedupId, uid, type, state, name } = event
    const other = unfinished.get(dedupId)
    if (type === 'ADDED' && other) {
      violations.push({
        breach: 'doubled',
        text: `Job ${name} was created while ${other.name}, for the same alert, ran`,
      })
    }
    if (type === 'ADDED') unfinished.set(dedupId, event)
    else if ((type === 'DELETED' || state !== 'running') && other?.uid === uid) unfinished.delete(dedupId)
  }
  return violations
}

/** Every Job belongs to a run that is known. */
export function everyJobHasItsRun({ jobs, runs }: History): Violation[] {
  const known = new Set(runs.filter(({ run }) => run !== undefined).map(({ id }) => id))
  return jobs
    .filter((event) => isAdded(event) && !known.has(event.runId))
    .map(({ name, runId }) => ({
      breach: 'doubled',
      text: `Job ${name} was created for run ${runId}, which is over or unknown`,
    }))
}

function isAdded({ type }: JobEvent): boolean {
  return type === 'ADDED'
}
