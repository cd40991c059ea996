import { median, type Pace, ratioOf } from './measure.ts'

/** What must be shown of one figure. */
interface Target {
  of: 'value' | 'ratio'
  rule: 'at least' | 'at most' | 'exactly'
  limit: number
}

/** One measured thing, as the table and the JSON show it. */
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

/** Every target, by the id of the figure that it is about. */
const TARGETS: Readonly<Record<string, Target>> = {
  'ingest.1.fresh': ratioAtLeast(0.6),
  'ingest.1.duplicate': ratioAtLeast(0.6),
  'ingest.10.fresh': ratioAtLeast(0.8),
  'ingest.10.duplicate': ratioAtLeast(0.8),
  'ingest.1.half.p99': atMost(50),
  'ingest.10.half.p99': atMost(50),
  'ingest.100.half.p99': atMost(50),
  'dispatch.loop': ratioAtLeast(0.8),
  'dispatch.client-node': ratioAtLeast(3),
  'notice.p99': atMost(250),
  'notice.calls': atMost(1),
  'footprint.100k.worker': atMost(250),
  'footprint.peak.worker': atMost(250),
  'footprint.100k.redis': atMost(3 * 1024),
  // One Job for each distinct alert: none lost, none doubled.
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

/** A figure beside its baseline, both measured in the same rounds. */
export function compared(id: string, unit: string, values: readonly number[], baselines: readonly number[]): Figure {
  return judged({ id, value: median(values), unit, baseline: median(baselines), ratio: ratioOf(values, baselines) })
}

/** The rates of two subjects, and beside them what each took of the processor. */
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
