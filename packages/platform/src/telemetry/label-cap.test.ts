import { expect, test } from 'vitest'
import { createLabelCap, OTHER } from './label-cap.ts'

test('the first values are told apart, for as long as the process lives; all further ones are one', () => {
  const cap = createLabelCap(2)
  expect(['a', 'b', 'c', 'd', 'a', 'b'].map(cap)).toEqual(['a', 'b', OTHER, OTHER, 'a', 'b'])
})

test('a value that is very long counts among the others, and takes nobody a place', () => {
  const cap = createLabelCap(1)
  expect(cap('x'.repeat(201))).toBe(OTHER)
  expect(cap('a')).toBe('a')
})

test('values that look the same in UTF-8 are the same', () => {
  const cap = createLabelCap(5)
  expect(cap('\ud800')).toBe(cap('\udfff'))
})
