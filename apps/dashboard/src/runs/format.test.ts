import { expect, test } from 'vitest'
import { ago, count, counted, duration, iso, percent, utc, wholeSeconds } from './format.ts'

test.each([
  [0, '0 ms'],
  [-5, '0 ms'],
  [84, '84 ms'],
  [1_250, '1.3 s'],
  [42_900, '42 s'],
  [60_000, '1 min'],
  [200_000, '3 min 20 s'],
  [3_600_000, '1 h'],
  [7_500_000, '2 h 5 min'],
  [200_000_000, '2 d 7 h'],
])('a duration of %d ms is formatted as %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

test.each([
  [-3_000, '0 s ago'],
  [59_999, '59 s ago'],
  [60_000, '1 min ago'],
  [3_600_000, '1 h ago'],
  [50 * 3_600_000, '2 d ago'],
])('an age of %d ms is formatted as %s', (ms, text) => {
  expect(ago(1_000_000_000_000, 1_000_000_000_000 + ms)).toBe(text)
})

test('an out-of-range time is formatted as the epoch', () => {
  expect(utc(Number.NaN)).toBe('1970-01-01 00:00:00')
  expect(iso(8.64e15 + 1)).toBe('1970-01-01T00:00:00.000Z')
})

test('a duration from whole seconds is never shown as zero', () => {
  expect([wholeSeconds(0), wholeSeconds(1_000)]).toEqual(['< 1 s', '1.0 s'])
})

test('numbers are formatted with separators, and nouns agree with them', () => {
  expect([count(12_345), count(0.5)]).toEqual(['12,345', '0.5'])
  expect([counted(0, 'run'), counted(1, 'run'), counted(1_000, 'run')]).toEqual(['0 runs', '1 run', '1,000 runs'])
})

test('a rate below 1 is never shown as 100 %', () => {
  expect([percent(0), percent(0.999), percent(1)]).toEqual(['0 %', '99 %', '100 %'])
})
