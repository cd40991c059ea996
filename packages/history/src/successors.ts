import type { RedisClient } from '@opifer/platform/redis'
import { defineCommand } from './commands.ts'
import { INDEX } from './indexes.ts'
import { indexKey } from './keys.ts'
import type { Cursor } from './query.ts'
import type { RunRecord } from './record.ts'
import { byAge, placesOf } from './scan.ts'
import { READ_INDEX_ONWARD } from './scripts.ts'

/** Reads which runs of an alert came next after a place, oldest first. */
export type SuccessorsReader = (alertId: string, after: Cursor, limit: number) => Promise<RunRecord[]>

export function createSuccessorsReader(
  redis: RedisClient,
  base: string,
  get: (runId: string) => Promise<RunRecord | undefined>,
): SuccessorsReader {
  const command = defineCommand(redis, 'opiferHistoryReadIndexOnward', READ_INDEX_ONWARD)

  async function readIndex(alertId: string, { receivedAt, runId }: Cursor, count: number): Promise<Cursor[]> {
    const key = indexKey(base, INDEX.alert(alertId))
    return placesOf((await command(key, receivedAt, runId, count)) as string[])
  }

  return async (alertId, after, limit) => {
    const runs: RunRecord[] = []
    let last = after
    // Twice as many as are wanted, should some have no record any more.
    const count = 2 * limit
    for (let looked = 0; looked < BUDGET && runs.length < limit; looked += count) {
      const from = last
      const places = await readIndex(alertId, from, count)
      // A place that is not in the index is looked for by its time only, and others may have the same.
      const later = places.filter((place) => byAge(place, after) < 0 && byAge(place, from) < 0)
      const records = await Promise.all(later.map(({ runId }) => get(runId)))
      runs.push(...records.filter((record) => record !== undefined))
      last = places.at(-1) ?? from
      if (places.length < count) break
    }
    return runs.slice(0, limit)
  }
}

/** Places in the index that are looked at, about, before the rest is given up. */
const BUDGET = 1_000
