import { alertKeyOf } from '../alert-key.ts'
import type { History, JobEvent } from '../history.ts'
import type { Violation } from '../violations.ts'

/**
 * A run creates at most one Job, ever. The exception is a Job that a fault deleted: a worker that comes later can't know
 * that it existed.
 */
export function oneJobPerRun({ jobs, deletedByHand }: History): Violation[] {
  const deleted = new Set(deletedByHand)
  const byRun = Map.groupBy(jobs.filter(isAdded), ({ runId }) => runId)
  return [...byRun]
    .filter(([, added]) => added.slice(0, -1).some(({ uid }) => !deleted.has(uid)))
    .map(([runId, added]) => ({
      kind: 'doubled',
      text: `run ${runId} has ${added.length} Jobs: ${added.map(({ name }) => name).join(', ')}`,
    }))
}

/** An alert has at most one unfinished Job at any time, whichever of its firings created it. */
export function oneUnfinishedJobPerAlert({ jobs, runs }: History): Violation[] {
  const alertKeys = new Map(runs.map(({ id, run }) => [id, run && alertKeyOf(run)]))
  const unfinished = new Map<string, JobEvent>()
  const violations: Violation[] = []
  for (const event of jobs) {
    const { runId, uid, type, state, name } = event
    const alertKey = alertKeys.get(runId)
    // A Job without a known run violates another rule.
    if (alertKey === undefined) continue
    const other = unfinished.get(alertKey)
    if (type === 'ADDED' && other) {
      violations.push({
        kind: 'doubled',
        text: `Job ${name} was created while ${other.name}, for the same alert, was running`,
      })
    }
    if (type === 'ADDED') unfinished.set(alertKey, event)
    else if ((type === 'DELETED' || state !== 'running') && other?.uid === uid) unfinished.delete(alertKey)
  }
  return violations
}

/** Every Job belongs to a known run. */
export function everyJobHasItsRun({ jobs, runs }: History): Violation[] {
  const known = new Set(runs.filter(({ run }) => run !== undefined).map(({ id }) => id))
  return jobs
    .filter((event) => isAdded(event) && !known.has(event.runId))
    .map(({ name, runId }) => ({
      kind: 'doubled',
      text: `Job ${name} was created for run ${runId}, which has ended or never existed`,
    }))
}

function isAdded({ type }: JobEvent): boolean {
  return type === 'ADDED'
}
