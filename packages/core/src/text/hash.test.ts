import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fnv1a64, sha256 } from './hash.ts'

test.each([
  ['', 'cbf29ce484222325'],
  ['a', 'af63dc4c8601ec8c'],
  ['foobar', '85944171f73967e8'],
])('fnv1a64 hashes %j like the published test vectors', (text, want) => {
  expect(fnv1a64(Buffer.from(text)).toString(16)).toBe(want)
})

test('sha256 hashes the JSON of the list', () => {
  // printf '["a","b"]' | sha256sum
  expect(sha256(['a', 'b'])).toBe('0473ef2dc0d324ab659d3580c1134e9d812035905c4781fdd6d529b0c6860e13')
})

test('sha256 distinguishes any two lists', () => {
  const list = fc.array(fc.string({ unit: fc.constantFrom('a', '"', ',', '\\', '\ud800') }), { maxLength: 3 })
  fc.assert(
    fc.property(list, list, (a, b) => {
      expect(sha256(a) === sha256(b)).toBe(a.length === b.length && a.every((part, index) => part === b[index]))
    }),
    { numRuns: 300 },
  )
})
