import { alertId, compileMatchers, labelSet, type Matcher, OUTCOMES, parseAlert, type Run } from '@opifer/core'
import { makeAlert } from '@opifer/core/testing'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCursor, type RunQuery } from './query.ts'
import type { HistoryReader } from './reader.ts'
import { makeHistory, makeNumberedRun, OPERARIO, startTestRedis, T0, withJob, withResult } from '../testing/helpers.ts'

const db = startTestRedis()

/** Few of each, so that queries match some runs and not others. */
const alertname = fc.constantFrom('DiskSpaceLow', 'Other', 'Größe: "x"=1', '#hash')
const label = fc.constantFrom('severity', 'instance', '__proto__', 'a=b', 'constructor', '')
const value = fc.constantFrom('critical', 'web-1', '', 'x=y', 'ä\n"', 'y'.repeat(100), 'y'.repeat(101))
const groupKey = fc.constantFrom('{}:{a="b"}', 'other', '')
const receivedAt = fc.oneof(fc.integer({ min: 0, max: 8 }), fc.constant(4)).map((ms) => T0 + ms)
/** Some are frequent, so that runs of one millisecond are spread over several long indexes. */
const anyOutcome = fc.oneof(fc.constantFrom(...OUTCOMES), fc.constantFrom('succeeded' as const, 'failed' as const))

const labels = fc
  .tuple(fc.array(fc.tuple(label, value), { maxLength: 4 }), fc.constantFrom(0, 0, 0, 70))
  .map(([few, more]) => [...Array.from({ length: more }, (_, index) => [`a${index}`, 'x']), ...few])

const runs = fc
  .array(
    fc.record({
      alertname,
      labels,
      status: fc.constantFrom('firing' as const, 'resolved' as const),
      groupKey,
      receivedAt,
      hasJob: fc.boolean(),
      outcome: fc.option(anyOutcome, { nil: undefined, freq: 3 }),
      isInvalid: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
    }),
    { maxLength: 40 },
  )
  .map((all) => all.map(makeEntry))

const matcher: fc.Arbitrary<Matcher> = fc.record({
  name: fc.oneof(label, fc.constant('alertname')),
  op: fc.constantFrom('=', '!=', '=~', '!~'),
  value: fc.oneof(value, alertname, fc.constantFrom('web.*', '.*', '.+|')),
})

/** Queries of few parts match more. The parts with indexes are the more interesting ones. */
const rarely = <Value>(arbitrary: fc.Arbitrary<Value>) => optional(arbitrary, 5)
const often = <Value>(arbitrary: fc.Arbitrary<Value>) => optional(arbitrary, 1)

function optional<Value>(arbitrary: fc.Arbitrary<Value>, absences: number) {
  return fc.oneof({ arbitrary, weight: 1 }, { arbitrary: fc.constant(undefined), weight: absences })
}

const query: fc.Arbitrary<RunQuery> = fc.record({
  outcomes: often(fc.array(fc.oneof(fc.constant('running' as const), anyOutcome), { maxLength: 4 })),
  alertname: rarely(alertname),
  status: rarely(fc.constantFrom('firing' as const, 'resolved' as const)),
  matchers: rarely(fc.array(matcher, { maxLength: 2 })),
  text: rarely(fc.constantFrom('', 'WEB', 'größe', 'because', 'run-00001', 'nothing has this')),
  from: rarely(receivedAt),
  to: rarely(receivedAt),
  groupKey: rarely(groupKey),
  operario: optional(fc.constantFrom(OPERARIO, OPERARIO, 'no/such/operario'), 2),
  alertId: rarely(fc.constant(alertId(makeNumberedRun(0), makeAlert({ labels: labelSet({ alertname: 'Other' }) })))),
})

test('pages of any query hold what a plain filter over all runs selects, in order', async () => {
  await fc.assert(
    fc.asyncProperty(runs, query, fc.integer({ min: 1, max: 7 }), async (entries, asked, limit) => {
      await db.server.flush()
      const { recorder, reader } = makeHistory(db.redis)
      await Promise.all(
        entries.map(async (entry) => {
          if (entry.result) return recorder.ended(withResult(entry, entry.result.outcome))
          await recorder.began(entry, T0)
          return recorder.created(entry)
        }),
      )
      const expected = entries.filter((entry) => matches(entry, asked)).sort(newestFirst)
      expect(await allPages(reader, asked, limit)).toEqual(expected.map(({ id }) => id))
    }),
    { numRuns: 300 },
  )
}, 120_000)

type Entry = Run

interface Drawn {
  alertname: string
  labels: string[][]
  status: 'firing' | 'resolved'
  groupKey: string
  receivedAt: number
  hasJob: boolean
  outcome: (typeof OUTCOMES)[number] | undefined
  isInvalid: boolean
}

function makeEntry(drawn: Drawn, index: number): Entry {
  const { status, outcome } = drawn
  const set = labelSet(Object.fromEntries([...drawn.labels, ['alertname', drawn.alertname]]))
  const alert = drawn.isInvalid
    ? parseAlert({ status, labels: { alertname: drawn.alertname, wrong: 1 } })
    : makeAlert({ labels: set, status, annotations: labelSet({}) })
  const run = makeNumberedRun(index, { alert, groupKey: drawn.groupKey, receivedAt: drawn.receivedAt })
  const placed = drawn.hasJob ? withJob(run) : run
  return outcome ? withResult(placed, outcome) : placed
}

/** What each part of a query means, independently of how the reader looks it up. */
const MEANING: { [Part in keyof RunQuery]-?: (entry: Entry, wanted: NonNullable<RunQuery[Part]>) => boolean } = {
  outcomes: ({ result }, outcomes) => (result ? outcomes.includes(result.outcome) : outcomes.includes('running')),
  alertname: ({ alert }, name) => alert.alertname === name,
  status: ({ alert }, status) => alert.status === status,
  matchers: ({ alert }, matchers) => compileMatchers(matchers)(labelsOf(alert)),
  text: (entry, text) => textOf(entry).includes(text.toLowerCase()),
  from: (entry, from) => entry.receivedAt >= from,
  to: (entry, to) => entry.receivedAt < to,
  groupKey: (entry, group) => entry.groupKey === group,
  operario: ({ operario }, name) => operario !== undefined && `${operario.configMap}/${operario.key}` === name,
  alertId: ({ alert, ...entry }, id) => 'labels' in alert && alertId(entry, alert) === id,
}

function matches(entry: Entry, asked: RunQuery): boolean {
  return Object.entries(asked).every(
    ([part, wanted]) =>
      wanted === undefined || (MEANING[part as keyof RunQuery] as (...of: unknown[]) => boolean)(entry, wanted),
  )
}

function labelsOf(alert: Entry['alert']) {
  return 'labels' in alert ? alert.labels : labelSet({ alertname: alert.alertname })
}

function textOf({ id, alert, groupKey: group, result, job }: Entry): string {
  const labelTexts = 'labels' in alert ? Object.entries(alert.labels).flat() : []
  return [...labelTexts, alert.alertname, group, result?.reason, job?.name, id].join('\0').toLowerCase()
}

function newestFirst(one: Entry, other: Entry): number {
  return other.receivedAt - one.receivedAt || (one.id < other.id ? 1 : -1)
}

async function allPages(reader: HistoryReader, asked: RunQuery, limit: number): Promise<string[]> {
  const seen: string[] = []
  let next: string | undefined
  do {
    const page = await reader.page(asked, { limit, cursor: next === undefined ? undefined : parseCursor(next) })
    expect(page.runs.length).toBeLessThanOrEqual(limit)
    seen.push(...page.runs.map(({ id }) => id))
    next = page.next
  } while (next !== undefined)
  return seen
}
