import { type Outcome, OUTCOMES } from '@opifer/core'
import type { RedisClient } from '@opifer/platform/redis'
import { BOUNDS, emptyHistogram, type Histogram } from './histogram.ts'
import { historyBase } from './keys.ts'

/** What happened in a stretch of time that begins `at`, in milliseconds since the epoch. */
export interface Stats {
  at: number
  /** Runs that ended. */
  outcomes: Partial<Record<Outcome, number>>
  /** The same by Operario, `namespace/configmap/key`. */
  operarios: Map<string, Partial<Record<Outcome, number>>>
  /** From a webhook to the first turn of its run. */
  waiting: Histogram
  /** From a webhook to the Job. */
  toJob: Histogram
}

export interface StatsRange {
  /** Milliseconds since the epoch; `from` is included, `to` is not. */
  from: number
  to: number
  /** Milliseconds; rounded up to whole stretches as they are kept, five minutes each. */
  step: number
}

/** Where what happens at a time is counted. */
export function statsTime(at: number): number {
  return Math.floor(at / STRETCH_MS) * STRETCH_MS
}

export function operarioOutcome(operario: string, outcome: Outcome): string {
  return `operario:${operario}:${outcome}`
}

export function createStatsReader(redis: RedisClient, prefix: string): (range: StatsRange) => Promise<Stats[]> {
  const base = historyBase(prefix)
  return async ({ from, to, step }) => {
    const width = Math.max(Math.ceil(step / STRETCH_MS), 1) * STRETCH_MS
    const all: Stats[] = []
    for (let at = statsTime(from); at < to; at += width) {
      all.push({ at, outcomes: {}, operarios: new Map(), waiting: emptyHistogram(), toJob: emptyHistogram() })
    }
    const times = all.flatMap(({ at }) => Array.from({ length: width / STRETCH_MS }, (_, i) => at + i * STRETCH_MS))
    for (let done = 0; done < times.length; done += CHUNK) {
      const some = times.slice(done, done + CHUNK)
      const hashes = await Promise.all(some.map((time) => redis.hgetall(`${base}stats:${time}`)))
      for (const [index, fields] of hashes.entries()) {
        const stats = all[Math.floor(((some[index] ?? 0) - (all[0]?.at ?? 0)) / width)]
        if (stats) addFields(stats, fields)
      }
    }
    return all
  }
}

const STRETCH_MS = 300_000

/** Stretches that are asked for at a time, so that Redis is not kept from others. */
const CHUNK = 200

function addFields(stats: Stats, fields: Record<string, string>): void {
  for (const [field, value] of Object.entries(fields)) {
    const [kind, rest] = split(field, field.indexOf(':'))
    const count = Number(value)
    if (kind === 'outcome') addOutcome(stats.outcomes, rest, count)
    else if (kind === 'operario') {
      const [operario, outcome] = split(rest, rest.lastIndexOf(':'))
      const outcomes = stats.operarios.get(operario) ?? {}
      stats.operarios.set(operario, outcomes)
      addOutcome(outcomes, outcome, count)
    } else if (kind === 'waiting' || kind === 'toJob') addTo(stats[kind], rest, count)
  }
}

function split(text: string, at: number): [string, string] {
  return [text.slice(0, at), text.slice(at + 1)]
}

/** What a later version of Opifer may know is not told under a name that this one can't. */
function addOutcome(outcomes: Partial<Record<Outcome, number>>, name: string, count: number): void {
  const outcome = OUTCOMES.find((known) => known === name)
  if (outcome) outcomes[outcome] = (outcomes[outcome] ?? 0) + count
}

function addTo(histogram: Histogram, name: string, count: number): void {
  if (name === 'sum') histogram.sum += count
  else if (BOUNDS[Number(name)] !== undefined) {
    histogram.count += count
    histogram.buckets[Number(name)] = (histogram.buckets[Number(name)] ?? 0) + count
  }
}
