import { BOUNDS, type Histogram } from '@opifer/history'

/** A quantile in milliseconds, taken as evenly spread within its bucket; null of an empty histogram. */
export function quantile({ count, buckets }: Histogram, part: number): number | null {
  if (count === 0) return null
  const wanted = part * count
  let before = 0
  for (const [index, inside] of buckets.entries()) {
    if (inside > 0 && before + inside >= wanted) {
      const from = BOUNDS[index - 1] ?? 0
      const to = BOUNDS[index] ?? Number.POSITIVE_INFINITY
      // Of the last bucket no more is known than where it begins.
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
