import { processorTimeOf } from './process-stats.ts'

/** Half of the values are smaller, half larger. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** The value that a share of all values do not exceed; between two of them, in proportion. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)]
  const above = sorted[Math.ceil(place)]
  if (below === undefined || above === undefined) throw new Error('nothing was measured')
  return below + (above - below) * (place - Math.floor(place))
}

/** What each subject measured, round by round. */
export type Rounds<Subject extends string, Value> = Record<Subject, Value[]>

/**
 * Measures subjects in turns, A B A B, so that a machine that slows down meanwhile does so for all of them. A round that
 * only warms up comes first and does not count.
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

/** How fast something went, and what a process took for it. */
export interface Pace {
  perSecond: number
  /** Microseconds of processor time for each; what other load there is on the machine has little influence on it. */
  processorMicros: number | undefined
}

/** Measures a number of things done, from `work`, over its seconds and over the processor time of a process. */
export async function paceOf(pid: number, work: () => Promise<{ done: number; seconds: number }>): Promise<Pace> {
  const before = processorTimeOf(pid)
  const { done, seconds } = await work()
  const after = processorTimeOf(pid)
  const processorMicros = before === undefined || after === undefined ? undefined : (after - before) / done
  return { perSecond: done / seconds, processorMicros }
}

/** The median of the ratios within each round: what disturbs a whole round cancels out. */
export function ratioOf(values: readonly number[], baselines: readonly number[]): number {
  return median(values.map((value, round) => value / (baselines[round] ?? Number.NaN)))
}
