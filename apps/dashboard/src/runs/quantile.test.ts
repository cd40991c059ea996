import { BOUNDS, type Histogram } from '@opifer/history'
import { expect, test } from 'vitest'
import { median, merged, quantile } from './quantile.ts'

function histogram(counts: Record<number, number>): Histogram {
  const buckets = BOUNDS.map((bound) => counts[bound] ?? 0)
  return { count: buckets.reduce((sum, value) => sum + value, 0), buckets }
}

test('a quantile is interpolated within its bucket', () => {
  expect(quantile(histogram({ 50: 10 }), 0.5)).toBe(25)
  expect(quantile(histogram({ 50: 50, 100: 50 }), 0.75)).toBe(75)
  expect(quantile(histogram({ 50: 90, 1_000: 10 }), 0.95)).toBe(750)
})

test('a quantile in the last bucket is its lower bound', () => {
  expect(quantile(histogram({ [Number.POSITIVE_INFINITY]: 3 }), 0.5)).toBe(3_600_000)
})

test('an empty histogram has no quantile', () => {
  expect(quantile(histogram({}), 0.5)).toBeNull()
})

test('merged histograms add up', () => {
  expect(merged([histogram({ 50: 1 }), histogram({ 50: 2, 100: 1 })])).toEqual(histogram({ 50: 3, 100: 1 }))
})

test.each([
  [[], undefined],
  [[3], 3],
  [[1, 9, 3], 3],
  [[1, 2, 3, 4], 2.5],
])('the median of %j is %s', (values, expected) => {
  expect(median(values)).toBe(expected)
})
