import type { RedisClient } from '@opifer/platform/redis'
import { historyBase, queuedRunKey, recordKey } from '../keys.ts'
import { createStatsReader, type Stats, type StatsRange } from '../stats.ts'
import { type PageOptions, readPage } from './page.ts'
import { countRuns, planQuery } from './plan.ts'
import type { RunPage, RunQuery } from './query.ts'
import { overlayQueued, parseRecord, RECORD_FIELDS, type RunRecord } from '../record.ts'
import { createScanner } from './scan.ts'
import { createSuccessorsReader, type SuccessorsReader } from './successors.ts'

/** Reads the history. The cost of a read doesn't grow with the number of runs kept. */
export interface HistoryReader {
  /** Newest first. New runs neither repeat nor hide runs on the pages that follow. */
  page(query: RunQuery, options: PageOptions): Promise<RunPage>
  get(runId: string): Promise<RunRecord | undefined>
  /** The runs of an alert after a cursor, oldest first. Runs of the same millisecond are ordered by id, as on pages. */
  successors: SuccessorsReader
  /** Undefined if only a look at each run could tell. */
  count(query: RunQuery): Promise<number | undefined>
  readStats(range: StatsRange): Promise<Stats[]>
}

export function createHistoryReader(redis: RedisClient, prefix: string): HistoryReader {
  const base = historyBase(prefix)
  const scanner = createScanner(redis, base)

  async function get(runId: string): Promise<RunRecord | undefined> {
    const record = parseRecord(runId, await redis.hmget(recordKey(base, runId), ...RECORD_FIELDS))
    if (!record || record.result) return record
    return overlayQueued(record, await redis.hget(queuedRunKey(prefix, runId), 'data'))
  }

  return {
    get,
    page: (query, options) =>
      readPage(query, options, { plan: (asked) => planQuery(redis, base, asked), scanner, get }),
    successors: createSuccessorsReader({ scanner, get }),
    count: (query) => countRuns(redis, base, query),
    readStats: createStatsReader(redis, prefix),
  }
}
