import type { RedisClient } from '@opifer/platform/redis'
import { conditionsOf } from './conditions.ts'
import { coversOf, createCovers } from './covers.ts'
import { historyBase, recordKey } from './keys.ts'
import { type PageOptions, readPage } from './page.ts'
import type { RunPage, RunQuery } from './query.ts'
import { readRecord, RECORD_FIELDS, type RunRecord } from './record.ts'
import { createScanner } from './scan.ts'
import { createSuccessorsReader, type SuccessorsReader } from './successors.ts'
import { createStatsReader, type Stats, type StatsRange } from './stats.ts'

/** Reads what workers and ingest have written down. What it costs does not grow with the number of runs in the history. */
export interface HistoryReader {
  /** Newest first. Runs that come in meanwhile neither repeat nor hide any on the pages that follow. */
  page(query: RunQuery, options: PageOptions): Promise<RunPage>
  get(runId: string): Promise<RunRecord | undefined>
  /**
   * The runs of an alert that came next after a place, oldest first. Of those of the same millisecond the ids decide, as
   * on pages.
   */
  successors: SuccessorsReader
  /** Undefined where only looking at the runs one by one could tell. */
  count(query: RunQuery): Promise<number | undefined>
  readStats(range: StatsRange): Promise<Stats[]>
}

export function createHistoryReader(redis: RedisClient, prefix: string): HistoryReader {
  const base = historyBase(prefix)
  const covers = createCovers(redis, base)
  const scan = createScanner(redis, base)
  const get = async (runId: string) => readRecord(runId, await redis.hmget(recordKey(base, runId), ...RECORD_FIELDS))
  return {
    get,
    page: (query, options) => readPage(query, options, { covers, scan, get }),
    successors: createSuccessorsReader(redis, base, get),
    async count({ from, to, ...query }) {
      const conditions = conditionsOf(query)
      const [cover = [], ...others] = coversOf(conditions)
      // The index of a label has runs beside it that may or may not have the label.
      const isExact = others.length === 0 && !query.text && !query.matchers?.length
      return isExact ? covers.size(cover, { from, to }) : undefined
    },
    readStats: createStatsReader(redis, prefix),
  }
}
