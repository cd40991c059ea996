import type { Plan } from './plan.ts'
import { predicateOf } from './predicates.ts'
import { type Cursor, formatCursor, type RunPage, type RunQuery } from './query.ts'
import type { RunRecord } from '../record.ts'
import { NEWEST, type Scanner } from './scan.ts'

export interface PageOptions {
  /** Where the page begins; with the newest run if undefined. */
  cursor?: Cursor | undefined
  /** Runs on a page. */
  limit: number
}

export interface PageDeps {
  plan: (query: RunQuery) => Promise<Plan>
  scanner: Scanner
  get: (runId: string) => Promise<RunRecord | undefined>
}

/** Reads the runs of the query's plan, newest first, and tests each record. */
export async function readPage(query: RunQuery, { cursor, limit }: PageOptions, deps: PageDeps): Promise<RunPage> {
  const matches = predicateOf(query)
  const plan = await deps.plan(query)
  const runs: RunRecord[] = []
  let last = cursor ?? startOf(query)
  let tested = 0
  // One more than the page holds shows whether another page follows. If few match, more are read at a time.
  for (let wanted = limit + 1; ; wanted = Math.min(wanted * 2, CHUNK)) {
    const positions = await deps.scanner.before(last, plan, wanted)
    const inRange = positions.filter(({ receivedAt }) => receivedAt >= (query.from ?? 0))
    const records = await Promise.all(inRange.map(({ runId }) => deps.get(runId)))
    runs.push(...records.filter((record) => record !== undefined).filter(matches))
    const next = runs.slice(0, limit).at(-1)
    if (runs.length > limit && next) return { runs: runs.slice(0, limit), next: cursorAt(next), complete: true }
    const end = inRange.at(-1)
    if (!end || inRange.length < wanted) return { runs, next: undefined, complete: true }
    if (runs.length === limit) return { runs, next: formatCursor(end), complete: true }
    tested += wanted
    if (tested >= BUDGET) return { runs, next: formatCursor(end), complete: false }
    last = end
  }
}

/** About how many runs one page may test. */
const BUDGET = 1_000
const CHUNK = 200

function startOf({ to }: RunQuery): Cursor {
  return to === undefined ? NEWEST : { receivedAt: to, runId: '' }
}

function cursorAt({ id, run }: RunRecord): string {
  return formatCursor({ receivedAt: run.receivedAt, runId: id })
}
