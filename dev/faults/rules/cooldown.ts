import type { Run } from '@opifer/core'
import { alertKeyOf } from '../alert-key.ts'
import { BEHAVIORS } from '../operarios.ts'
import type { History } from '../history.ts'
import type { Violation } from '../violations.ts'
import { alertnameOf } from './run-facts.ts'

/**
 * After a run with a Job has ended, its alert gets no other Job until the cooldown is over. Only runs that were added after
 * that end count: one that was already in flight may have looked for a cooldown just before it began.
 */
export function cooldownsAreKept({ runs, jobs, queue, clockStepped }: History): Violation[] {
  // The end of a run is on record by its worker's clock.
  if (clockStepped) return []
  const created = new Map(jobs.filter(({ type }) => type === 'ADDED').map((job) => [job.runId, job]))
  const byId = new Map(runs.map(({ id, run }) => [id, run]))
  const cooling = new Map<string, { runId: string; until: number }>()
  const violations: Violation[] = []
  for (const { type, runId } of queue) {
    const run = byId.get(runId)
    if (!run) continue
    const alertKey = alertKeyOf(run)
    const cooldown = cooling.get(alertKey)
    const job = created.get(runId)
    if (type === 'added' && cooldown && job && job.at < cooldown.until - CLOCK_TOLERANCE_MS) {
      violations.push({
        kind: 'doubled',
        text: `Job ${job.name} of run ${runId} was created ${cooldown.until - job.at} ms before the cooldown after run ${cooldown.runId} was over`,
      })
    }
    const until = cooldownEnd(run)
    if (ENDED.has(type) && until !== undefined) cooling.set(alertKey, { runId, until })
  }
  return violations
}

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed'])

/** Undefined for a run that begins no cooldown. */
function cooldownEnd(run: Run): number | undefined {
  const alertname = alertnameOf(run)
  if (!run.job || !run.result || alertname === undefined) return undefined
  return run.result.finishedAt + BEHAVIORS[alertname].cooldownMs
}

const CLOCK_TOLERANCE_MS = 50
