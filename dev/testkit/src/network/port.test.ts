import { expect, test } from 'vitest'
import { retryWhenPortTaken } from './port.ts'

test('retries a start whose port was taken', async () => {
  const errors = [new Error('bind: Address already in use'), new Error('listen EADDRINUSE: address already in use')]
  const started = await retryWhenPortTaken(async () => {
    const error = errors.shift()
    if (error !== undefined) throw error
    return 'started'
  })
  expect(started).toBe('started')
})

test('does not retry after any other failure', async () => {
  let starts = 0
  const starting = retryWhenPortTaken(async () => {
    starts += 1
    throw new Error('bad configuration')
  })
  await expect(starting).rejects.toThrow('bad configuration')
  expect(starts).toBe(1)
})
