import type { RedisClient } from '@opifer/platform'
import { type Cover, conditionsOf } from './conditions.ts'
import { INDEX } from './indexes.ts'
import { historyBase, indexKey, recordKey } from './keys.ts'
import { type Cursor, formatCursor, type RunPage, type RunQuery } from './query.ts'
import { readRecord, RECORD_FIELDS, type RunRecord } from './record.ts'
import { createScanner, NEWEST } from './scan.ts'
import { createStatsReader, type Stats, type StatsRange } from './stats.ts'

export interface PageOptions {
  /** Behind which run the page begins; from the newest without it. */
  cursor?: Cursor | undefined
  /** Runs on a page. */
  limit: number
}

/** Reads what workers and ingest have written down. What it costs does not grow with the number of runs in the history. */
export interface HistoryReader {
  /** Newest first. Runs that come in meanwhile neither repeat nor hide any on the pages that follow. */
  page(query: RunQuery, options: PageOptions): Promise<RunPage>
  get(runId: string): Promise<RunRecord | undefined>
  /** Undefined where only looking at the runs one by one could tell. */
  count(query: RunQuery): Promise<number | undefined>
  readStats(range: StatsRange): Promise<Stats[]>
}

export function createHistoryReader(redis: RedisClient, prefix: string): HistoryReader {
  const base = historyBase(prefix)
  const scan = createScanner(redis, base)

  async function get(runId: string): Promise<RunRecord | undefined> {
    return readRecord(runId, await redis.hmget(recordKey(base, runId), ...RECORD_FIELDS))
  }

  async function sizeOf(cover: Cover, { from, to }: RunQuery): Promise<number> {
    const bounds = [from ?? '-inf', to === undefined ? '+inf' : `(${to}`] as const
    const sizes = await Promise.all(cover.map((index) => redis.zcount(indexKey(base, index), ...bounds)))
    return sizes.reduce((sum, size) => sum + size, 0)
  }

  /** The smallest first: it is read, and the others are only asked whether they hold what it has. */
  async function bySize(covers: Cover[], query: RunQuery): Promise<Cover[]> {
    if (covers.length < 2) return covers
    const sized = await Promise.all(covers.map(async (cover) => ({ cover, size: await sizeOf(cover, query) })))
    return sized.sort((one, other) => one.size - other.size).map(({ cover }) => cover)
  }

  /** Records of those runs that stand in all of the covers. */
  async function recordsIn(places: readonly Cursor[], covers: readonly Cover[]): Promise<Map<string, RunRecord>> {
    const ids = places.map(({ runId }) => runId)
    if (ids.length === 0) return new Map()
    const scores = await Promise.all(
      covers.map((cover) => Promise.all(cover.map((index) => redis.zmscore(indexKey(base, index), ...ids)))),
    )
    const inAll = ids.filter((_, at) => scores.every((cover) => cover.some((found) => typeof found[at] === 'string')))
    const records = await Promise.all(inAll.map(get))
    return new Map(records.flatMap((record) => (record ? [[record.id, record]] : [])))
  }

  return {
    get,
    readStats: createStatsReader(redis, prefix),

    async page(query, { cursor, limit }) {
      const { from = -Infinity, to } = query
      const conditions = conditionsOf(query)
      const passes = (record: RunRecord) => conditions.every(({ test }) => test(record))
      const [smallest = EVERYTHING, ...others] = await bySize(coversOf(query), query)
      const scanned = scan(smallest, cursor ?? (to === undefined ? NEWEST : { receivedAt: to, runId: '' }))
      const runs: RunRecord[] = []
      let looked = 0
      for (;;) {
        // One more than the page takes shows whether there is another page.
        const wanted = looked === 0 ? limit + 1 : CHUNK
        const places = await scanned.next(wanted)
        const records = await recordsIn(places, others)
        for (const { runId, receivedAt } of places) {
          if (receivedAt < from) return { runs, next: undefined, complete: true }
          const record = records.get(runId)
          if (!record || !passes(record)) continue
          if (runs.length === limit) return { runs, next: after(runs.at(-1)), complete: true }
          runs.push(record)
        }
        looked += places.length
        const end = places.at(-1)
        if (!end || places.length < wanted) return { runs, next: undefined, complete: true }
        if (runs.length === limit || looked >= BUDGET) {
          return { runs, next: formatCursor(end), complete: runs.length === limit }
        }
      }
    },

    async count(query) {
      const [cover = EVERYTHING, ...others] = coversOf(query)
      const isExact = others.length === 0 && !query.text && !query.matchers?.length
      return isExact ? sizeOf(cover, query) : undefined
    },
  }
}

const EVERYTHING: Cover = [INDEX.all]

/** Runs that one page looks at, at the most. */
const BUDGET = 1_000
const CHUNK = 200

function after(record: RunRecord | undefined): string | undefined {
  return record && formatCursor({ receivedAt: record.run.receivedAt, runId: record.id })
}

function coversOf(query: RunQuery): Cover[] {
  return conditionsOf(query).flatMap(({ cover }) => (cover ? [cover] : []))
}
