import { alertId, compileMatchers, labelSet, type Matcher, OUTCOMES, type Run } from '@opifer/core'
import { makeAlert } from '@opifer/core/testing'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCursor, type RunQuery } from './query.ts'
import type { HistoryReader } from './reader.ts'
import { ended, givenHistory, givenRedis, OPERARIO, run, T0, withJob } from './testing/given.ts'

const given = givenRedis()

/** Few of each, so that queries meet some runs and not others. */
const alertname = fc.constantFrom('DiskSpaceLow', 'Other', 'Größe: "x"=1', '#hash')
const label = fc.constantFrom('severity', 'instance', '__proto__', 'a=b', 'constructor', '')
const value = fc.constantFrom('critical', 'web-1', '', 'x=y', 'ä\n"', 'y'.repeat(100), 'y'.repeat(101))
const groupKey = fc.constantFrom('{}:{a="b"}', 'other', '')
const receivedAt = fc.integer({ min: 0, max: 8 }).map((ms) => T0 + ms)

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
      outcome: fc.option(fc.constantFrom(...OUTCOMES), { nil: undefined }),
      defective: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
    }),
    { maxLength: 40 },
  )
  .map((all) => all.map(makeEntry))

const matcher: fc.Arbitrary<Matcher> = fc.record({
  name: fc.oneof(label, fc.constant('alertname')),
  op: fc.constantFrom('=', '!=', '=~', '!~'),
  value: fc.oneof(value, alertname, fc.constantFrom('web.*', '.*', '.+|')),
})

const some = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined, freq: 2 })

const query: fc.Arbitrary<RunQuery> = fc.record({
  outcomes: some(fc.array(fc.constantFrom('running' as const, ...OUTCOMES), { maxLength: 4 })),
  alertname: some(alertname),
  status: some(fc.constantFrom('firing' as const, 'resolved' as const)),
  matchers: some(fc.array(matcher, { maxLength: 2 })),
  text: some(fc.constantFrom('', 'WEB', 'größe', 'because', 'run-00001', 'nothing has this')),
  from: some(receivedAt),
  to: some(receivedAt),
  groupKey: some(groupKey),
  operario: some(fc.constantFrom(OPERARIO, 'no/such/operario')),
  alertId: fc.option(fc.constant(alertId(run(0), makeAlert({ labels: labelSet({ alertname: 'Other' }) }))), {
    nil: undefined,
    freq: 1,
  }),
})

test('pages of any query are what a plain filter over all runs would give, in order', async () => {
  await fc.assert(
    fc.asyncProperty(runs, query, fc.integer({ min: 1, max: 7 }), async (entries, asked, limit) => {
      await given.server.flush()
      const { writer, reader } = givenHistory(given.redis)
      await Promise.all(
        entries.map((entry) =>
          entry.result ? writer.ended(ended(entry, entry.result.outcome)) : writer.began(entry, T0),
        ),
      )
      const expected = entries.filter((entry) => passes(entry, asked)).sort(newestFirst)
      expect(await allPages(reader, asked, limit)).toEqual(expected.map(({ id }) => id))
    }),
    { numRuns: 150 },
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
  defective: boolean
}

function makeEntry(drawn: Drawn, index: number): Entry {
  const { status, outcome } = drawn
  const set = labelSet(Object.fromEntries([...drawn.labels, ['alertname', drawn.alertname]]))
  const alert = drawn.defective
    ? { invalid: 'wrong', status, alertname: drawn.alertname, fingerprint: 'f', excerpt: '' }
    : makeAlert({ labels: set, status, annotations: labelSet({}) })
  const made = run(index, { alert, groupKey: drawn.groupKey, receivedAt: drawn.receivedAt })
  const placed = drawn.hasJob && outcome ? withJob(made) : made
  return outcome ? ended(placed, outcome) : placed
}

/** What each part of a query asks of a run, told apart from how it is looked up. */
const ASKS: { [Part in keyof RunQuery]-?: (entry: Entry, wanted: NonNullable<RunQuery[Part]>) => boolean } = {
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

function passes(entry: Entry, asked: RunQuery): boolean {
  return Object.entries(asked).every(
    ([part, wanted]) =>
      wanted === undefined || (ASKS[part as keyof RunQuery] as (...of: unknown[]) => boolean)(entry, wanted),
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
