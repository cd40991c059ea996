import { describe, expect, it } from 'vitest'
import { parseDuration } from './duration.ts'

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['250ms', 250],
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['1m1ms', 60_001],
  ])('reads %s as %i ms', (text, want) => {
    expect(parseDuration(text)).toBe(want)
  })

  it.each([
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
  ])('takes %j for no duration', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })
})
