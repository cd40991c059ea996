import { expect, test } from 'vitest'
import { expand, isLabelKey } from './kubernetes.ts'

// Cases from Kubernetes' expand_test.go.
test.each([
  ['$(A)', '<value of A>'],
  ['---$(B)---', '---<value of B>---'],
  ['$(A)$(B)', '<value of A><value of B>'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$<value of A>'],
  ['$$$$(A)', '$$(A)'],
  ['$A', '$A'],
  ['$', '$'],
  ['$$', '$'],
  ['a$', 'a$'],
  ['$(', '$('],
  ['$(A', '$(A'],
  ['$()', '<value of >'],
  ['($(A))', '(<value of A>)'],
  ['$é', '$Ã\uFFFD'],
])('expand expands %j to %j', (value, want) => {
  expect(expand(value)).toBe(want)
})

test.each(['app', 'example.com/app', 'a_b.c-d', 'x'.repeat(63)])('isLabelKey accepts %s', (key) => {
  expect(isLabelKey(key)).toBe(true)
})

test.each(['', '/', 'a/', '/a', 'a/b/c', '-a', 'a-', 'A.com/a', 'x'.repeat(64), 'ä'])(
  'isLabelKey rejects %j',
  (key) => {
    expect(isLabelKey(key)).toBe(false)
  },
)
