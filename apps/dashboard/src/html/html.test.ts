import { parseMatchers } from '@opifer/core'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { count, duration, type Plot, plot } from './chart.ts'
import { matcherText } from './labels.ts'
import { ago, iso, lasting, utc } from '../runs/format.ts'

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
])('%d ms is said as %s', (ms, words) => {
  expect(lasting(ms)).toBe(words)
})

test.each([
  [-3_000, '0 s ago'],
  [59_999, '59 s ago'],
  [60_000, '1 min ago'],
  [3_600_000, '1 h ago'],
  [50 * 3_600_000, '2 d ago'],
])('%d ms ago is said as %s', (ms, words) => {
  expect(ago(1_000_000_000_000, 1_000_000_000_000 + ms)).toBe(words)
})

test('times that no calendar holds break nothing', () => {
  expect(utc(Number.NaN)).toBe('1970-01-01 00:00:00')
  expect(iso(8.64e15 + 1)).toBe('1970-01-01T00:00:00.000Z')
})

test('a label written as a matcher matches that label and value', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (name, value) => {
      expect(parseMatchers(matcherText(name, value))).toEqual({ ok: true, matchers: [{ name, op: '=', value }] })
    }),
  )
})

const PLOT: Plot = {
  id: 'p',
  title: 'Runs',
  note: '',
  kind: 'bars',
  steps: [0, 60_000, 120_000],
  stepMs: 60_000,
  series: [{ name: 'succeeded', colour: 'o-succeeded', values: [3, 0, null] }],
  format: count,
  none: 'nothing ran',
}

test.each(['bars', 'curves'] as const)('a plot of %s has its figures as a table too', async (kind) => {
  const text = String(await plot({ ...PLOT, kind }))
  expect(text).toContain('<svg')
  expect(text).toContain('<td class="number">3</td>')
  expect(text).not.toContain('NaN')
  expect(text).not.toMatch(/\sstyle=/)
})

test('a plot without anything to draw says so', async () => {
  const nothing = { ...PLOT, series: [{ name: 'succeeded', colour: '', values: [0, 0, null] }] }
  expect(String(await plot(nothing))).toContain('nothing ran')
})

test('figures are written for people', () => {
  expect([count(12_345), count(0.5), duration(0), duration(1_500)]).toEqual(['12,345', '0.5', '0', '1.5 s'])
})
