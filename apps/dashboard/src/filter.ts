import { OUTCOMES, parseDuration, parseMatchers } from '@opifer/core'
import type { RunQuery } from '@opifer/history'

/** Which runs somebody asks for, as the address of a page or of the API says it. */
export interface Filter {
  /** As it was written, to be shown again. */
  given: GivenFilter
  query: RunQuery
  /** What can't be understood, by the field that it stands in. */
  problems: FilterProblem[]
}

export interface FilterProblem {
  field: keyof GivenFilter | 'cursor' | 'limit'
  message: string
}

export interface GivenFilter {
  q: string
  alertname: string
  match: string
  status: string
  outcome: readonly string[]
  range: string
  from: string
  to: string
  group: string
  operario: string
  alert: string
}

/** How far back the ranges that can be chosen reach. */
export const RANGES = ['1h', '6h', '24h', '7d'] as const

/** Reads a filter from a query string. What is wrong in it is told, and narrows nothing. */
export function readFilter(search: URLSearchParams, now: number): Filter {
  const text = (name: string) => search.get(name)?.trim() ?? ''
  const given: GivenFilter = {
    q: text('q'),
    alertname: text('alertname'),
    match: text('match'),
    status: text('status'),
    outcome: search
      .getAll('outcome')
      .flatMap((value) => value.split(','))
      .filter((value) => value !== ''),
    range: text('range'),
    from: text('from'),
    to: text('to'),
    group: text('group'),
    operario: text('operario'),
    alert: text('alert'),
  }
  const problems: FilterProblem[] = []
  const query: RunQuery = {
    ...(given.q && { text: given.q }),
    ...(given.alertname && { alertname: given.alertname }),
    ...(given.group && { groupKey: given.group }),
    ...(given.operario && { operario: given.operario }),
    ...(given.alert && { alertId: given.alert }),
    ...statusOf(given, problems),
    ...outcomesOf(given, problems),
    ...matchersOf(given, problems),
    ...timesOf(given, now, problems),
  }
  return { given, query, problems }
}

/** The same filter as a query string; a page of it, where a cursor is given. */
export function filterSearch(given: Partial<GivenFilter>, cursor?: string): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(given)) {
    for (const one of typeof value === 'string' ? [value] : value) if (one !== '') search.append(name, one)
  }
  if (cursor !== undefined) search.set('cursor', cursor)
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

export function isEmpty(given: GivenFilter): boolean {
  return filterSearch(given) === ''
}

function statusOf({ status }: GivenFilter, problems: FilterProblem[]): Pick<RunQuery, 'status'> {
  if (status === '') return {}
  if (status === 'firing' || status === 'resolved') return { status }
  problems.push({ field: 'status', message: `${JSON.stringify(status)} is neither firing nor resolved` })
  return {}
}

function outcomesOf({ outcome }: GivenFilter, problems: FilterProblem[]): Pick<RunQuery, 'outcomes'> {
  const known = ['running', ...OUTCOMES] as const
  const outcomes = known.filter((value) => outcome.includes(value))
  const strange = outcome.filter((value) => !(known as readonly string[]).includes(value))
  if (strange.length > 0) {
    problems.push({
      field: 'outcome',
      message: `${strange.join(', ')}: no outcome; there are ${OUTCOMES.join(', ')}, and running`,
    })
  }
  return outcomes.length > 0 ? { outcomes } : {}
}

function matchersOf({ match }: GivenFilter, problems: FilterProblem[]): Pick<RunQuery, 'matchers'> {
  if (match === '') return {}
  const parsed = parseMatchers(match)
  if (parsed.ok) return { matchers: parsed.matchers }
  problems.push({ field: 'match', message: parsed.error })
  return {}
}

function timesOf(
  { range, from, to }: GivenFilter,
  now: number,
  problems: FilterProblem[],
): Pick<RunQuery, 'from' | 'to'> {
  const length = range === '' ? undefined : parseDuration(range)
  if (range !== '' && length === undefined) {
    problems.push({ field: 'range', message: `${JSON.stringify(range)} is not a duration such as 90m or 7d` })
  }
  const begin = timeOf('from', from, problems) ?? (length === undefined ? undefined : now - length)
  const end = timeOf('to', to, problems)
  return { ...(begin !== undefined && { from: begin }), ...(end !== undefined && { to: end }) }
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/

/** A time without a zone, which is all that a browser's field can give, is one in UTC, as all times shown are. */
function timeOf(field: 'from' | 'to', text: string, problems: FilterProblem[]): number | undefined {
  if (text === '') return undefined
  const [, day, time = '00:00', zone = 'Z'] = TIME.exec(text) ?? []
  const at = Date.parse(`${day}T${time}${zone}`)
  if (!Number.isNaN(at)) return at
  problems.push({
    field,
    message: `${JSON.stringify(text)} is not a time such as 2026-11-24T03:00 or 2026-11-24T03:00:00Z`,
  })
  return undefined
}
