import { parseMatchers } from '@opifer/core'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { count } from '../runs/format.ts'
import { type Plot, plot } from './chart.ts'
import { matcherText } from './labels.ts'

test('a label as a matcher parses back to the same name and value', () => {
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
  series: [{ name: 'succeeded', color: 'o-succeeded', values: [3, 0, null] }],
  format: count,
  empty: 'nothing ran',
}

test.each(['bars', 'curves'] as const)('a plot of %s includes its data as a table', async (kind) => {
  const text = String(await plot({ ...PLOT, kind }))
  expect(text).toContain('<svg')
  expect(text).toContain('<td class="number">3</td>')
  expect(text).not.toContain('NaN')
  expect(text).not.toMatch(/\sstyle=/)
})

test('a plot without data shows its empty text', async () => {
  const empty = { ...PLOT, series: [{ name: 'succeeded', color: '', values: [0, 0, null] }] }
  expect(String(await plot(empty))).toContain('nothing ran')
})
