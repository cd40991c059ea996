import { INDEX } from '../indexes.ts'
import type { Cursor } from './query.ts'
import type { RunRecord } from '../record.ts'
import type { Scanner } from './scan.ts'

/** Reads the runs of an alert that follow a cursor, oldest first. */
export type SuccessorsReader = (alertId: string, after: Cursor, limit: number) => Promise<RunRecord[]>

export interface SuccessorsDeps {
  scanner: Scanner
  get: (runId: string) => Promise<RunRecord | undefined>
}

export function createSuccessorsReader({ scanner, get }: SuccessorsDeps): SuccessorsReader {
  return async (alertId, after, limit) => {
    const runs: RunRecord[] = []
    let last = after
    // Some records may have expired.
    const count = 2 * limit
    for (let tried = 0; tried < BUDGET && runs.length < limit; tried += count) {
      const positions = await scanner.after(last, INDEX.alert(alertId), count)
      const records = await Promise.all(positions.map(({ runId }) => get(runId)))
      runs.push(...records.filter((record) => record !== undefined))
      last = positions.at(-1) ?? last
      if (positions.length < count) break
    }
    return runs.slice(0, limit)
  }
}

/** About how many positions are tried. */
const BUDGET = 1_000
