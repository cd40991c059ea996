import { expect, test } from 'vitest'
import { eventually } from './eventually.ts'

test('resolves with what the assertion returns once it passes', async () => {
  let tries = 0
  const result = await eventually(
    () => {
      tries += 1
      expect(tries).toBe(3)
      return `try ${tries}`
    },
    { interval: 1 },
  )
  expect(result).toBe('try 3')
})

test('throws the last error with how long it waited', async () => {
  let tries = 0
  const failing = eventually(
    () => {
      tries += 1
      throw new Error(`try ${tries} failed`)
    },
    { timeout: 20, interval: 1 },
  )
  await expect(failing).rejects.toThrow(/^try \d+ failed \(retried for \d+ ms\)$/)
  await expect(failing).rejects.toThrow(`try ${tries} failed`)
})

test('tries once even without any time to wait', async () => {
  expect(await eventually(() => 'passed at once', { timeout: 0 })).toBe('passed at once')
})
