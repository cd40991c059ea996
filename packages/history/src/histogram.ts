/** Upper bounds of the buckets in which times are counted, in milliseconds, the last one without end. */
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

/** Counts of times by bucket. */
export interface Histogram {
  count: number
  /** Milliseconds. */
  sum: number
  /** How many fell into each of the buckets of `BOUNDS`, and not into one before it. */
  buckets: number[]
}

export function emptyHistogram(): Histogram {
  return { count: 0, sum: 0, buckets: BOUNDS.map(() => 0) }
}

/** The index of the bucket that a time falls into. */
export function bucketOf(ms: number): number {
  return BOUNDS.findIndex((bound) => ms <= bound)
}
