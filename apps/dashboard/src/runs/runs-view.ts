import { parseCursor, type HistoryReader, type RunPage } from '@opifer/history'
import type { DashboardDeps } from './deps.ts'
import { type Filter, readFilter } from './filter.ts'
import { readWaiting, type Waiting } from './find.ts'

export interface RunsView {
  filter: Filter
  page: RunPage
  /** Whether this is not the first page. */
  hasNewer: boolean
  /** These have no history record until a worker picks them up. */
  waiting: Waiting
}

export async function readRuns(
  search: URLSearchParams,
  { history, queue, now }: Pick<DashboardDeps, 'history' | 'queue' | 'now'>,
): Promise<RunsView> {
  const [found, waiting] = await Promise.all([readPage(readFilter(search, now()), search, history), readWaiting(queue)])
  return { ...found, hasNewer: search.has('cursor'), waiting }
}

const DEFAULT_PAGE_SIZE = 50

/** A page of the runs that a filter selects; empty if the filter or the cursor is invalid. */
export async function readPage(
  filter: Filter,
  search: URLSearchParams,
  history: HistoryReader,
  limit = DEFAULT_PAGE_SIZE,
): Promise<{ filter: Filter; page: RunPage }> {
  const text = search.get('cursor')
  const cursor = text === null ? undefined : parseCursor(text)
  const errors = [...filter.errors]
  if (text !== null && !cursor)
    errors.push({ field: 'cursor', message: 'is not a cursor; use `next` of the previous page' })
  if (errors.length > 0) return { filter: { ...filter, errors }, page: EMPTY }
  return { filter, page: await history.page(filter.query, { cursor, limit }) }
}

const EMPTY: RunPage = { runs: [], next: undefined, complete: true }
