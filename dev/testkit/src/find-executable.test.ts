import { expect, test } from 'vitest'
import { findExecutable } from './find-executable.ts'

test('finds the first of several programs that is there', () => {
  expect(findExecutable('no-such-program', 'sh')).toMatch(/\/sh$/)
})

test('finds nothing where there is nothing', () => {
  expect(findExecutable('no-such-program')).toBeUndefined()
})
