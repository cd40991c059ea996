import { expect, it } from 'vitest'
import { parseQuantity } from './quantity.ts'

it.each([
  ['1', 1],
  ['100m', 0.1],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['.5', 0.5],
  ['5.', 5],
  ['1e3', 1000],
  ['1E3', 1000],
  ['1E', 1e18],
  ['-1Ki', -1024],
  ['+2k', 2000],
  [3, 3],
])('%j is %d', (text, value) => {
  expect(parseQuantity(text)).toBeCloseTo(value, 6)
})

it.each(['', '.', 'Gi', '1 Gi', '1KiB', '1gi', '1e', '1.2.3', '١', null, true, {}])('%j is no quantity', (text) => {
  expect(parseQuantity(text)).toBeUndefined()
})
