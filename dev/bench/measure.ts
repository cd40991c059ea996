import { processorTimeOf } from './process-stats.ts'

export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** Percentile by linear interpolation; `share` is from 0 to 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)]
  const above = sorted[Math.ceil(place)]
  if (below === undefined || above === undefined) throw new Error('nothing was measured')
  return below + (above - below) * (place - Math.floor(place))
}

/** Values of each subject by round. */
export type Rounds<Subject extends string, Value> = Record<Subject, Value[]>

/**
 * Measures subjects alternately, A B A B, so that a machine that slows down affects all of them. The first round is a warm-up
 * and does not count.
 */
export async function interleave<Subject extends string, Value>(
  rounds: number,
  subjects: Record<Subject, () => Promise<Value>>,
): Promise<Rounds<Subject, Value>> {
  const names = Object.keys(subjects) as Subject[]
  const measured = Object.fromEntries(names.map((name) => [name, [] as Value[]])) as Rounds<Subject, Value>
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const value = await subjects[name]()
      if (round > 0) measured[name].push(value)
    }
  }
  return measured
}

/** A rate and what it costs one process. */
export interface Pace {
  perSecond: number
  /** Microseconds of processor time per item. Hardly depends on other load on the machine. */
  processorMicros: number | undefined
}

/** Rate of `work`, and processor time of the process `pid` per item done. */
export async function paceOf(pid: number, work: () => Promise<{ done: number; seconds: number }>): Promise<Pace> {
  const before = processorTimeOf(pid)
  const { done, seconds } = await work()
  const after = processorTimeOf(pid)
  const processorMicros = before === undefined || after === undefined ? undefined : (after - before) / done
  return { perSecond: done / seconds, processorMicros }
}

/** Median of the ratios within each round, so that disturbances of a whole round cancel out. */
export function ratioOf(values: readonly number[], baselines: readonly number[]): number {
  return median(values.map((value, round) => value / (baselines[round] ?? Number.NaN)))
}
