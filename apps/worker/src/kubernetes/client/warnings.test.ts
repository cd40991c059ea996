import { expect, test } from 'vitest'
import { readWarnings } from './warnings.ts'

test.each([
  { header: undefined, want: [] },
  { header: '299 - "a field is deprecated"', want: ['a field is deprecated'] },
  { header: ['299 - "one"', '299 - "two"'], want: ['one', 'two'] },
  { header: '299 - "one, two", 299 proxy:80 "three"', want: ['one, two', 'three'] },
  { header: '299 - "with a date" "Mon, 23 Nov 2026 04:00:00 GMT"', want: ['with a date'] },
  {
    header: String.raw`299 - "violates \"restricted\" by C:\\"`,
    want: [String.raw`violates "restricted" by C:\ `.trim()],
  },
  { header: String.raw`299 - "told as 299 - \"this\""`, want: ['told as 299 - "this"'] },
  { header: '199 - "of a cache", 299 - ""', want: [] },
  { header: ['299 - "not closed', 'no warning', '299 - "one"'], want: ['one'] },
])('$header warns of $want', ({ header, want }) => {
  expect(readWarnings(header)).toEqual(want)
})
