import { BOUNDS, type Histogram } from '@opifer/history'

/** A quantile in milliseconds, interpolated linearly within its bucket; null for an empty histogram. */
export function quantile({ count, buckets }: Histogram, part: number): number | null {
  if (count === 0) return null
  const wanted = part * count
  let before = 0
  for (const [index, inside] of buckets.entries()) {
    if (inside > 0 && before + inside >= wanted) {
      const from = BOUNDS[index - 1] ?? 0
      const to = BOUNDS[index] ?? Number.POSITIVE_INFINITY
      // The last bucket has no upper bound to interpolate towards.
      return Number.isFinite(to) ? from + (to - from) * ((wanted - before) / inside) : from
    }
    before += inside
  }
  return null
}

export function merged(histograms: readonly Histogram[]): Histogram {
  return {
    count: histograms.reduce((sum, { count }) => sum + count, 0),
    buckets: BOUNDS.map((_, index) => histograms.reduce((sum, { buckets }) => sum + (buckets[index] ?? 0), 0)),
  }
}

export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle]
  return upper === undefined || sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}
