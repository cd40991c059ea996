import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { retryDelay } from './retry-delay.ts'

const limits = { baseMs: 1_000, maxMs: 60_000 }

test.each([
  { failures: 1, random: 0, want: 500 },
  { failures: 1, random: 0.999, want: 1_000 },
  { failures: 2, random: 0, want: 1_000 },
  { failures: 4, random: 0.5, want: 6_000 },
  { failures: 7, random: 0, want: 30_000 },
  { failures: 1_000_000, random: 0, want: 30_000 },
  { failures: 1, random: 0, floorMs: 7_000, want: 7_000 },
  { failures: 1, random: 0.5, floorMs: 7_000, want: 7_250 },
])('after $failures failures with chance $random and a floor of $floorMs it waits $want ms', (given) => {
  const { failures, random, floorMs, want } = given
  expect(retryDelay(failures, { ...limits, random: () => random, floorMs })).toBe(want)
})

test('it never waits less than was asked for, nor more than the limit beyond that, and longer with every failure', () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), chance, fc.nat(1e7), (failures, random, floorMs) => {
      const settings = { ...limits, random: () => random }
      const delay = retryDelay(failures, { ...settings, floorMs })
      expect(Number.isInteger(delay)).toBe(true)
      expect(delay).toBeGreaterThanOrEqual(Math.max(floorMs, limits.baseMs / 2))
      expect(delay).toBeLessThanOrEqual(Math.max(floorMs + limits.maxMs / 2, limits.maxMs))
      expect(retryDelay(failures + 1, settings)).toBeGreaterThanOrEqual(retryDelay(failures, settings))
    }),
  )
})

test('runs that failed together do not come back together', () => {
  const delays = Array.from({ length: 50 }, () => retryDelay(5, { ...limits, random: Math.random }))
  expect(new Set(delays).size).toBeGreaterThan(25)
})
