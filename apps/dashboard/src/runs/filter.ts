import { OUTCOMES, parseDuration, parseMatchers } from '@opifer/core'
import type { RunQuery } from '@opifer/history'

/** Which runs to list, as read from the query string of a page or the API. */
export interface Filter {
  /** As entered, to fill the form again. */
  input: FilterInput
  query: RunQuery
  /** What is invalid, by field. */
  errors: FilterError[]
}

export interface FilterError {
  field: keyof FilterInput | 'cursor' | 'limit'
  message: string
}

export interface FilterInput {
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

/** Time ranges to choose from. */
export const RANGES = ['1h', '6h', '24h', '7d'] as const

/** Reads a filter from a query string. An invalid field is reported and left out of the query. */
export function readFilter(search: URLSearchParams, now: number): Filter {
  const text = (name: string) => search.get(name)?.trim() ?? ''
  const input: FilterInput = {
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
  const errors: FilterError[] = []
  const query: RunQuery = {
    ...(input.q && { text: input.q }),
    ...(input.alertname && { alertname: input.alertname }),
    ...(input.group && { groupKey: input.group }),
    ...(input.operario && { operario: input.operario }),
    ...(input.alert && { alertId: input.alert }),
    ...statusOf(input, errors),
    ...outcomesOf(input, errors),
    ...matchersOf(input, errors),
    ...timesOf(input, now, errors),
  }
  return { input, query, errors }
}

/** The filter as a query string, with the cursor of a page if there is one. */
export function filterSearch(input: Partial<FilterInput>, cursor?: string): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(input)) {
    for (const one of typeof value === 'string' ? [value] : value) if (one !== '') search.append(name, one)
  }
  if (cursor !== undefined) search.set('cursor', cursor)
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}

export function isEmpty(input: FilterInput): boolean {
  return filterSearch(input) === ''
}

function statusOf({ status }: FilterInput, errors: FilterError[]): Pick<RunQuery, 'status'> {
  if (status === '') return {}
  if (status === 'firing' || status === 'resolved') return { status }
  errors.push({ field: 'status', message: `${JSON.stringify(status)} is neither firing nor resolved` })
  return {}
}

function outcomesOf({ outcome }: FilterInput, errors: FilterError[]): Pick<RunQuery, 'outcomes'> {
  const known = ['running', ...OUTCOMES] as const
  const outcomes = known.filter((value) => outcome.includes(value))
  const unknown = outcome.filter((value) => !(known as readonly string[]).includes(value))
  if (unknown.length > 0) {
    errors.push({
      field: 'outcome',
      message: `unknown outcome ${unknown.join(', ')}; use ${OUTCOMES.join(', ')} or running`,
    })
  }
  return outcomes.length > 0 ? { outcomes } : {}
}

function matchersOf({ match }: FilterInput, errors: FilterError[]): Pick<RunQuery, 'matchers'> {
  if (match === '') return {}
  const parsed = parseMatchers(match)
  if (parsed.ok) return { matchers: parsed.matchers }
  errors.push({ field: 'match', message: parsed.error })
  return {}
}

function timesOf({ range, from, to }: FilterInput, now: number, errors: FilterError[]): Pick<RunQuery, 'from' | 'to'> {
  const length = range === '' ? undefined : parseDuration(range)
  if (range !== '' && length === undefined) {
    errors.push({ field: 'range', message: `${JSON.stringify(range)} is not a duration such as 90m or 7d` })
  }
  const begin = timeOf('from', from, errors) ?? (length === undefined ? undefined : now - length)
  const end = timeOf('to', to, errors)
  return { ...(begin !== undefined && { from: begin }), ...(end !== undefined && { to: end }) }
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/

/** A time without a zone is UTC: browser fields send no zone, and the pages show UTC. */
function timeOf(field: 'from' | 'to', text: string, errors: FilterError[]): number | undefined {
  if (text === '') return undefined
  const [, day, time = '00:00', zone = 'Z'] = TIME.exec(text) ?? []
  const at = Date.parse(`${day}T${time}${zone}`)
  if (!Number.isNaN(at)) return at
  errors.push({
    field,
    message: `${JSON.stringify(text)} is not a time such as 2026-11-24T03:00 or 2026-11-24T03:00:00Z`,
  })
  return undefined
}
