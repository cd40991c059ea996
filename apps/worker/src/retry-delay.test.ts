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
])('the delay after $failures failures with random $random and floor $floorMs is $want ms', (input) => {
  const { failures, random, floorMs, want } = input
  expect(retryDelay(failures, { ...limits, random: () => random, floorMs })).toBe(want)
})

test('the delay is at least the floor, at most the limit above it, and grows with every failure', () => {
  const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), randoms, fc.nat(1e7), (failures, random, floorMs) => {
      const settings = { ...limits, random: () => random }
      const delay = retryDelay(failures, { ...settings, floorMs })
      expect(Number.isInteger(delay)).toBe(true)
      expect(delay).toBeGreaterThanOrEqual(Math.max(floorMs, limits.baseMs / 2))
      expect(delay).toBeLessThanOrEqual(Math.max(floorMs + limits.maxMs / 2, limits.maxMs))
      expect(retryDelay(failures + 1, settings)).toBeGreaterThanOrEqual(retryDelay(failures, settings))
    }),
  )
})

test('the delays of simultaneous failures are spread', () => {
  const delays = Array.from({ length: 50 }, () => retryDelay(5, { ...limits, random: Math.random }))
  expect(new Set(delays).size).toBeGreaterThan(25)
})
