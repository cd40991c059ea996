import { type Cover, conditionsOf } from './conditions.ts'
import { type Covers, coversOf } from './covers.ts'
import { type Cursor, formatCursor, type RunPage, type RunQuery } from './query.ts'
import type { RunRecord } from './record.ts'
import { NEWEST, type Scan } from './scan.ts'

export interface PageOptions {
  /** Behind which run the page begins; from the newest without it. */
  cursor?: Cursor | undefined
  /** Runs on a page. */
  limit: number
}

export interface PageDeps {
  covers: Covers
  scan: (cover: Cover, after: Cursor) => Scan
  get: (runId: string) => Promise<RunRecord | undefined>
}

/** Reads the smallest index that tells of the query, and looks at the record of each run that all others tell of too. */
export async function readPage(query: RunQuery, { cursor, limit }: PageOptions, deps: PageDeps): Promise<RunPage> {
  const conditions = conditionsOf(query)
  const passes = (record: RunRecord) => conditions.every(({ test }) => test(record))
  const [smallest = [], ...others] = await bySize(coversOf(conditions), query, deps)
  const scan = deps.scan(smallest, cursor ?? startOf(query))
  const runs: RunRecord[] = []
  let looked = 0
  // One more than the page takes shows whether there is another page; where few are hits, more are read at a time.
  for (let wanted = limit + 1; ; wanted = Math.min(wanted * 2, CHUNK)) {
    const places = await scan.next(wanted)
    const inTime = places.filter(({ receivedAt }) => receivedAt >= (query.from ?? 0))
    runs.push(...(await recordsOf(inTime, others, deps)).filter(passes))
    const next = runs.slice(0, limit).at(-1)
    if (runs.length > limit && next) return { runs: runs.slice(0, limit), next: placeOf(next), complete: true }
    const end = inTime.at(-1)
    if (!end || inTime.length < wanted) return { runs, next: undefined, complete: true }
    if (runs.length === limit) return { runs, next: formatCursor(end), complete: true }
    looked += wanted
    if (looked >= BUDGET) return { runs, next: formatCursor(end), complete: false }
  }
}

/** Runs that one page looks at, about, before it gives up. */
const BUDGET = 1_000
const CHUNK = 200

function startOf({ to }: RunQuery): Cursor {
  return to === undefined ? NEWEST : { receivedAt: to, runId: '' }
}

/** The smallest first: the others are only asked whether they hold what it has. */
async function bySize(covers: Cover[], query: RunQuery, deps: PageDeps): Promise<Cover[]> {
  if (covers.length < 2) return covers
  const sized = await Promise.all(covers.map(async (cover) => ({ cover, size: await deps.covers.size(cover, query) })))
  return sized.sort((one, other) => one.size - other.size).map(({ cover }) => cover)
}

async function recordsOf(places: readonly Cursor[], covers: readonly Cover[], deps: PageDeps): Promise<RunRecord[]> {
  const ids = places.map(({ runId }) => runId)
  const records = await Promise.all((await deps.covers.inAll(ids, covers)).map(deps.get))
  return records.filter((record) => record !== undefined)
}

function placeOf({ id, run }: RunRecord): string {
  return formatCursor({ receivedAt: run.receivedAt, runId: id })
}
