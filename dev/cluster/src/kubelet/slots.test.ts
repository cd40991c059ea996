import { expect, it } from 'vitest'
import { createSlots } from './slots.ts'

const never = new AbortController().signal

it('are given out in the order of asking', async () => {
  const slots = createSlots(1)
  const order: string[] = []
  await slots.take(never)
  const takes = ['a', 'b', 'c'].map((name) => slots.take(never).then(() => order.push(name)))
  for (const take of takes) {
    slots.free()
    await take
  }
  expect(order).toEqual(['a', 'b', 'c'])
})

it('pass over who gave up waiting', async () => {
  const slots = createSlots(1)
  const impatient = new AbortController()
  await slots.take(never)
  const first = slots.take(impatient.signal)
  const second = slots.take(never)
  impatient.abort()
  slots.free()
  expect(await Promise.all([first, second])).toEqual([false, true])
})

it('are not lost when somebody asks who has given up already', async () => {
  const slots = createSlots(1)
  expect(await slots.take(AbortSignal.abort())).toBe(false)
  expect(await slots.take(never)).toBe(true)
})
