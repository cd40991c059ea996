import { formatTable } from '@opifer/testkit'
import { median, type Pace, ratioOf } from './measure.ts'

/** The requirement for one figure. */
interface Target {
  of: 'value' | 'ratio'
  rule: 'at least' | 'at most' | 'exactly'
  limit: number
}

/** One measurement, also the schema of the JSON. */
export interface Figure {
  id: string
  value: number
  unit: string
  baseline: number | null
  ratio: number | null
  target: string | null
  met: boolean | null
}

const ratioAtLeast = (limit: number): Target => ({ of: 'ratio', rule: 'at least', limit })
const ratioAtMost = (limit: number): Target => ({ of: 'ratio', rule: 'at most', limit })
const atMost = (limit: number): Target => ({ of: 'value', rule: 'at most', limit })

/**
 * Every target by figure. The rate of `dispatch` has one only against a real API server: against the stand-in, which costs
 * next to nothing, the processor time says more.
 */
const TARGETS: Readonly<Record<string, Target>> = {
  'ingest.1.fresh': ratioAtLeast(0.6),
  'ingest.1.fresh.processor': atMost(120),
  'ingest.1.duplicate': ratioAtLeast(0.6),
  'ingest.10.fresh': ratioAtLeast(0.8),
  'ingest.10.fresh.processor': atMost(65),
  'ingest.10.duplicate': ratioAtLeast(0.8),
  'ingest.1.half.p99': atMost(50),
  'ingest.10.half.p99': atMost(50),
  'ingest.100.half.p99': atMost(50),
  'dispatch.loop.processor': atMost(450),
  'dispatch.cluster.loop': ratioAtLeast(0.8),
  'dispatch.cluster.loop.processor': atMost(450),
  'dispatch.client-node': ratioAtLeast(3),
  'redis.run.scripts': atMost(7),
  'redis.run.time': atMost(300),
  'notice.p99': atMost(250),
  'notice.calls': atMost(1),
  'footprint.100k.worker': atMost(250),
  'footprint.peak.worker': atMost(250),
  'footprint.100k.redis': atMost(3 * 1024),
  // One Job per distinct alert: none lost, none duplicated.
  'scale.storm.jobs': { of: 'ratio', rule: 'exactly', limit: 1 },
  'scale.linear.time': ratioAtMost(2),
  'scale.linear.redis': ratioAtMost(2),
  'scale.linear.ingest': ratioAtMost(2),
  'scale.linear.worker': ratioAtMost(2),
  'history.page.all': ratioAtMost(2),
  'history.page.outcome': ratioAtMost(2),
  'history.page.outcomes': ratioAtMost(2),
  'history.page.alertname': ratioAtMost(2),
  'history.page.label': ratioAtMost(2),
  'history.page.labels': ratioAtMost(2),
  'history.page.regex': ratioAtMost(2),
  'history.page.group': ratioAtMost(2),
  'history.page.operario': ratioAtMost(2),
  'history.page.text': ratioAtMost(2),
  'history.page.nothing': ratioAtMost(2),
}

/** A figure without a baseline. */
export function figure(id: string, value: number, unit: string): Figure {
  return judged({ id, value, unit, baseline: null, ratio: null })
}

/** A figure with a baseline from the same rounds. */
export function compared(id: string, unit: string, values: readonly number[], baselines: readonly number[]): Figure {
  return judged({ id, value: median(values), unit, baseline: median(baselines), ratio: ratioOf(values, baselines) })
}

/** A rate with its baseline, and the processor time of both. */
export function comparedPaces(id: string, what: string, paces: readonly Pace[], baselines: readonly Pace[]): Figure[] {
  const rate = compared(id, `${what}s/s`, rates(paces), rates(baselines))
  if (costs(paces).length === 0) return [rate]
  return [rate, compared(`${id}.processor`, `µs/${what}`, costs(paces), costs(baselines))]
}

function rates(paces: readonly Pace[]): number[] {
  return paces.map(({ perSecond }) => perSecond)
}

function costs(paces: readonly Pace[]): number[] {
  return paces.flatMap(({ processorMicros = [] }) => processorMicros)
}

function judged(measured: Omit<Figure, 'target' | 'met'>): Figure {
  const target = TARGETS[measured.id]
  if (!target) return { ...measured, target: null, met: null }
  const { of, rule, limit } = target
  const met = MEETS[rule](measured[of] ?? Number.NaN, limit)
  return { ...measured, target: `${of} ${rule} ${limit}`, met }
}

const MEETS: Record<Target['rule'], (shown: number, limit: number) => boolean> = {
  'at least': (shown, limit) => shown >= limit,
  'at most': (shown, limit) => shown <= limit,
  exactly: (shown, limit) => shown === limit,
}

/** Figures as a table. */
export function figureTable(figures: readonly Figure[]): string {
  const header = ['figure', 'median', 'unit', 'baseline', 'ratio', 'target', '']
  return formatTable(header, figures.map(cells), { numbers: [1, 3, 4] })
}

function cells({ id, value, unit, baseline, ratio, target, met }: Figure): string[] {
  const verdict = met === null ? '' : met ? 'met' : 'NOT MET'
  return [id, format(value), unit, format(baseline), format(ratio), target ?? '', verdict]
}

/** Three significant digits: more would be noise. */
function format(value: number | null): string {
  if (value === null) return '–'
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))
}
