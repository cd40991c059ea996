import { expect, test } from 'vitest'
import { within } from './within.ts'

test('what is done in time is passed on', async () => {
  expect(await within(60_000, Promise.resolve('done'))).toBe('done')
})

test('what fails in time fails', async () => {
  await expect(within(60_000, Promise.reject(new Error('failed')))).rejects.toThrow('failed')
})

test('what takes longer is not waited for', async () => {
  expect(await within(1, new Promise(() => {}))).toBeUndefined()
})

test('what fails too late fails unheard', async () => {
  const { promise, reject } = Promise.withResolvers<string>()
  expect(await within(1, promise)).toBeUndefined()
  reject(new Error('late'))
})
