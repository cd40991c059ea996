import { type Outcome, OUTCOMES } from '@opifer/core'
import type { RedisClient } from '@opifer/platform/redis'
import { historyBase } from './keys.ts'

/** What happened in one step of time. */
export interface Stats {
  /** When the step begins, in milliseconds since the epoch. */
  at: number
  /** Ended runs. */
  outcomes: Partial<Record<Outcome, number>>
  /** Ended runs by Operario, `namespace/configmap/key`. */
  operarios: Map<string, Partial<Record<Outcome, number>>>
  /** From the webhook to the run's first attempt. */
  waiting: Histogram
  /** From the webhook to the Job; counted when the run ends, at the time the Job was created. */
  toJob: Histogram
}

export interface StatsRange {
  /** Milliseconds since the epoch, inclusive. */
  from: number
  /** Milliseconds since the epoch, exclusive. */
  to: number
  /** Milliseconds; rounded up to whole intervals of five minutes, in which counts are kept. */
  step: number
}

/** Counts of durations by bucket. */
export interface Histogram {
  count: number
  /** How many durations fall into each bucket of `BOUNDS`; not cumulative. */
  buckets: number[]
}

/** Upper bounds of the histogram buckets, in milliseconds. */
export const BOUNDS = [
  50,
  100,
  250,
  500,
  1_000,
  2_500,
  5_000,
  10_000,
  30_000,
  60_000,
  300_000,
  900_000,
  3_600_000,
  Number.POSITIVE_INFINITY,
] as const

/** The beginning of the interval in which an event at this time is counted. */
export function intervalOf(at: number): number {
  return Math.floor(at / INTERVAL_MS) * INTERVAL_MS
}

/** Names of the fields in which the events of an interval are counted; durations in milliseconds. */
export const COUNTED = {
  waiting: (ms: number) => `waiting:${bucketOf(ms)}`,
  toJob: (ms: number) => `toJob:${bucketOf(ms)}`,
  /** @param operario `namespace/configmap/key` */
  ended: (outcome: Outcome, operario = '') => `ended:${outcome}:${operario}`,
} as const

export function createStatsReader(redis: RedisClient, prefix: string): (range: StatsRange) => Promise<Stats[]> {
  const base = historyBase(prefix)
  return async ({ from, to, step }) => {
    const width = Math.max(Math.ceil(step / INTERVAL_MS), 1) * INTERVAL_MS
    const first = intervalOf(from)
    const all: Stats[] = []
    for (let at = first; at < to; at += width) {
      all.push({ at, outcomes: {}, operarios: new Map(), waiting: emptyHistogram(), toJob: emptyHistogram() })
    }
    const times = Array.from({ length: (all.length * width) / INTERVAL_MS }, (_, i) => first + i * INTERVAL_MS)
    for (let done = 0; done < times.length; done += CHUNK) {
      const chunk = times.slice(done, done + CHUNK)
      const hashes = await Promise.all(chunk.map((time) => redis.hgetall(`${base}stats:${time}`)))
      for (const [index, fields] of hashes.entries()) {
        const stats = all[Math.floor(((done + index) * INTERVAL_MS) / width)]
        if (stats) addFields(stats, fields)
      }
    }
    return all
  }
}

const INTERVAL_MS = 300_000

/** Intervals requested at a time, so that a long range doesn't hold up other clients of Redis. */
const CHUNK = 200

/** The index of a duration's bucket; durations that clocks made negative count as zero. */
function bucketOf(ms: number): number {
  return BOUNDS.findIndex((bound) => ms <= bound)
}

function emptyHistogram(): Histogram {
  return { count: 0, buckets: BOUNDS.map(() => 0) }
}

function addFields(stats: Stats, fields: Record<string, string>): void {
  for (const [field, value] of Object.entries(fields)) {
    const [kind, rest] = split(field, field.indexOf(':'))
    const count = Number(value)
    if (kind === 'waiting' || kind === 'toJob') addDuration(stats[kind], rest, count)
    else if (kind === 'ended') {
      const [outcome, operario] = split(rest, rest.indexOf(':'))
      addOutcome(stats.outcomes, outcome, count)
      if (operario !== '') addOutcome(ofOperario(stats, operario), outcome, count)
    }
    // Older versions counted each ended run twice: with its outcome, and with its Operario and outcome.
    else if (kind === 'outcome') addOutcome(stats.outcomes, rest, count)
    else if (kind === 'operario') {
      const [operario, outcome] = split(rest, rest.lastIndexOf(':'))
      addOutcome(ofOperario(stats, operario), outcome, count)
    }
  }
}

function ofOperario({ operarios }: Stats, operario: string): Partial<Record<Outcome, number>> {
  const outcomes = operarios.get(operario) ?? {}
  operarios.set(operario, outcomes)
  return outcomes
}

function split(text: string, at: number): [string, string] {
  return [text.slice(0, at), text.slice(at + 1)]
}

/** Skips outcomes that only a later version of Opifer knows. */
function addOutcome(outcomes: Partial<Record<Outcome, number>>, name: string, count: number): void {
  const outcome = OUTCOMES.find((known) => known === name)
  if (outcome) outcomes[outcome] = (outcomes[outcome] ?? 0) + count
}

function addDuration(histogram: Histogram, bucket: string, count: number): void {
  const index = Number(bucket)
  if (BOUNDS[index] === undefined) return
  histogram.count += count
  histogram.buckets[index] = (histogram.buckets[index] ?? 0) + count
}
