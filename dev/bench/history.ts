import { type Outcome, parseMatchers, type Run } from '@opifer/core'
import { createHistoryReader, type HistoryReader, type RunQuery } from '@opifer/history'
import { createRecorder, type Recorder } from '@opifer/history/testing'
import { runOf } from './alerts.ts'
import { type Bench, redisMemory } from './bench.ts'
import { interleave, median } from './measure.ts'
import { compared, type Figure, figure } from './targets.ts'

/** Runs on a page. Every filter below that meets any run meets more than these among the fewer ones. */
const LIMIT = 25
const FEW = 1_000

const FILTERS: Readonly<Record<string, RunQuery>> = {
  all: {},
  outcome: { outcomes: ['failed'] },
  outcomes: { outcomes: ['failed', 'lost', 'expired'] },
  alertname: { alertname: 'Alert-3' },
  label: matching('instance="node-7"'),
  labels: matching('severity="critical",instance="node-7"'),
  regex: matching('instance=~"node-1.*",severity!="info"'),
  group: { groupKey: 'group-3' },
  operario: { operario: 'openfero/openfero-alert-3-firing/Alert-3' },
  text: { text: 'NODE-7' },
  // As many runs are looked at as one page may.
  nothing: { text: 'is nowhere' },
}

/** First page of each filter with many runs, with few runs as the baseline; and the cost of one run. */
export async function measureHistory(bench: Bench): Promise<Figure[]> {
  const many = bench.quick ? 10_000 : 50_000
  const before = await redisMemory(bench.redis)
  const large = await fill(bench, many)
  const memory = ((await redisMemory(bench.redis)) - before) / many
  const small = await fill(bench, FEW)
  const figures: Figure[] = []
  for (const [name, query] of Object.entries(FILTERS)) {
    const measured = await interleave(bench.quick ? 3 : 9, {
      many: () => timeOf(large.reader, query, many),
      few: () => timeOf(small.reader, query, FEW),
    })
    figures.push(compared(`history.page.${name}`, 'ms', measured.many, measured.few))
  }
  return [
    ...figures,
    figure('history.run.memory', memory, 'bytes'),
    figure('history.run.writes', large.calls, 'calls'),
    figure('history.run.redis', large.micros, 'µs'),
  ]
}

/** Milliseconds of one page, by the median of several. */
async function timeOf(reader: HistoryReader, query: RunQuery, runs: number): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < 20; count++) {
    const startedAt = performance.now()
    const page = await reader.page(query, { limit: LIMIT })
    times.push(performance.now() - startedAt)
    const isRight = query.text === 'is nowhere' ? page.runs.length === 0 : page.runs.length === LIMIT
    if (!isRight) throw new Error(`a page of ${runs} runs has ${page.runs.length}: ${JSON.stringify(query)}`)
  }
  return median(times)
}

/** Writes a history as workers do. Returns what each run costs Redis. */
async function fill({ redis }: Bench, runs: number) {
  const prefix = `{history-${runs}}`
  const recorder = createRecorder(redis, prefix, { historyMaxAge: 7 * DAY_MS, historyMaxRuns: runs })
  await redis.config('RESETSTAT')
  for (let first = 0; first < runs; first += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => writeRun(recorder, first + index)))
  }
  const [, calls = '', micros = ''] =
    /cmdstat_evalsha:calls=(\d+),usec=(\d+)/.exec(await redis.info('commandstats')) ?? []
  const reader = createHistoryReader(redis, prefix)
  return { reader, calls: Number(calls) / runs, micros: Number(micros) / runs }
}

const DAY_MS = 24 * 3_600_000
const OUTCOMES: readonly Outcome[] = ['succeeded', 'failed', 'succeeded', 'unmatched', 'lost', 'succeeded', 'expired']
const SEVERITIES = ['critical', 'warning', 'info']

async function writeRun(recorder: Recorder, number: number): Promise<void> {
  const run = historyRun(number)
  const { receivedAt } = run
  await recorder.began(run, receivedAt + 5)
  const outcome = OUTCOMES[number % OUTCOMES.length] ?? 'succeeded'
  await recorder.ended({ ...run, result: { outcome, reason: 'the Job completed', finishedAt: receivedAt + 900 } })
}

function historyRun(number: number) {
  const name = `Alert-${number % 11}`
  const pattern = runOf(number, `run-${String(number).padStart(8, '0')}`)
  const { alert } = pattern as Run & { alert: { labels: Record<string, string> } }
  const severity = SEVERITIES[number % SEVERITIES.length] ?? ''
  const labels = { ...alert.labels, alertname: name, instance: `node-${number % 13}`, severity }
  const job = { namespace: 'openfero', name: `cleanup-${number}`, uid: `uid-${number}`, createdAt: 0 }
  const configMap = `openfero/openfero-${name.toLowerCase()}-firing`
  return {
    ...pattern,
    groupKey: `group-${number % 17}`,
    receivedAt: Date.now() - DAY_MS + number,
    alert: { ...alert, alertname: name, labels },
    operario: { configMap, key: name, resourceVersion: '7', manifestHash: 'f'.repeat(64) },
    job: { ...job, createdAt: Date.now() - DAY_MS + number + 50 },
  } as Run & { job: typeof job }
}

function matching(text: string): RunQuery {
  const parsed = parseMatchers(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return { matchers: parsed.matchers }
}
