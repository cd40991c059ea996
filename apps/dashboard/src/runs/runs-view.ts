import { parseCursor, type HistoryReader, type RunPage } from '@opifer/history'
import type { Filter } from './filter.ts'

/** Runs on a page. */
const PAGE_SIZE = 50

/** The page of runs that was asked for; none where a part of the question can't be understood. */
export async function readPage(
  filter: Filter,
  search: URLSearchParams,
  history: HistoryReader,
  limit = PAGE_SIZE,
): Promise<{ filter: Filter; page: RunPage }> {
  const text = search.get('cursor')
  const cursor = text === null ? undefined : parseCursor(text)
  const problems = [...filter.problems]
  if (text !== null && !cursor)
    problems.push({ field: 'cursor', message: 'is no cursor of this API: take `next` of a page' })
  if (problems.length > 0) return { filter: { ...filter, problems }, page: NOTHING }
  return { filter, page: await history.page(filter.query, { cursor, limit }) }
}

const NOTHING: RunPage = { runs: [], next: undefined, complete: true }
