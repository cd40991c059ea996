import { expect, test } from 'vitest'
import { parseDuration } from './duration.ts'

test.each([
  ['0', 0],
  ['0s', 0],
  ['250ms', 250],
  ['90s', 90_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1d', 86_400_000],
  ['1m1ms', 60_001],
])('parseDuration reads %s as %i ms', (text, want) => {
  expect(parseDuration(text)).toBe(want)
})

test.each([
  '',
  '5',
  's',
  '-5m',
  '5 m',
  '5M',
  '1.5h',
  '5m ',
  '\n5m',
  'm5',
  '5mm',
  'forever',
  `${'9'.repeat(400)}s`,
  '９s',
])('parseDuration rejects %j', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})
