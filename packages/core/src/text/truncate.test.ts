import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { excerpt, truncateUtf8 } from './truncate.ts'

test.each([
  { text: '', maxBytes: 0, want: '' },
  { text: 'abc', maxBytes: 3, want: 'abc' },
  { text: 'abc', maxBytes: 2, want: 'ab' },
  { text: 'aé', maxBytes: 3, want: 'aé' },
  { text: 'aé', maxBytes: 2, want: 'a' },
  { text: '✓✓', maxBytes: 5, want: '✓' },
  { text: '😀', maxBytes: 4, want: '😀' },
  { text: '😀', maxBytes: 3, want: '' },
  { text: 'abc', maxBytes: -1, want: '' },
])('truncateUtf8 cuts $text to $want in $maxBytes bytes', ({ text, maxBytes, want }) => {
  expect(truncateUtf8(text, maxBytes)).toBe(want)
})

test('truncateUtf8 keeps the longest prefix that fits', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'é', '✓', '😀') }), fc.nat(60), (text, maxBytes) => {
      const cut = truncateUtf8(text, maxBytes)
      const next = text.slice(cut.length)[Symbol.iterator]().next().value ?? ''
      expect(text.startsWith(cut)).toBe(true)
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes)
      expect(cut === text || Buffer.byteLength(cut + next) > maxBytes).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('excerpt keeps a short text', () => {
  expect(excerpt('abc', 3)).toBe('abc')
})

test('excerpt appends the original length to a cut text', () => {
  expect(excerpt('abcd', 3)).toBe('abc… (4 characters)')
})

test('excerpt leaves no half of a surrogate pair', () => {
  expect(excerpt('ab😀', 3)).toBe('ab\uFFFD… (4 characters)')
})
