import { describe, expect, it } from 'vitest'
import { expand, isLabelKey } from './kubernetes.ts'

describe('expand', () => {
  // The cases of Kubernetes' own expand_test.go that tell its rules apart.
  it.each([
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
  ])('makes %j %j', (value, want) => {
    expect(expand(value)).toBe(want)
  })
})

describe('isLabelKey', () => {
  it.each(['app', 'example.com/app', 'a_b.c-d', 'x'.repeat(63)])('takes %s', (key) => {
    expect(isLabelKey(key)).toBe(true)
  })

  it.each(['', '/', 'a/', '/a', 'a/b/c', '-a', 'a-', 'A.com/a', 'x'.repeat(64), 'ä'])('refuses %j', (key) => {
    expect(isLabelKey(key)).toBe(false)
  })
})
