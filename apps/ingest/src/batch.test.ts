import { describe, expect, test } from 'vitest'
import { batched } from './batch.ts'

function given(most = 10) {
  const batches: number[][] = []
  const ask = batched(async (items: readonly number[]) => {
    batches.push([...items])
    if (items.includes(13)) throw new Error('unlucky')
    return items.map((item) => -item)
  }, most)
  return { batches, ask }
}

describe('what is asked for in one turn of the event loop', () => {
  test('is done in one go, and each gets its own answers', async () => {
    const { batches, ask } = given()
    expect(await Promise.all([ask([1, 2]), ask([]), ask([3])])).toEqual([[-1, -2], [], [-3]])
    expect(batches).toEqual([[1, 2, 3]])
  })

  test('is done in several goes when it is more than a batch may hold', async () => {
    const { batches, ask } = given(3)
    await Promise.all([ask([1, 2]), ask([3]), ask([4]), ask([5, 6, 7, 8]), ask([9])])
    expect(batches).toEqual([[1, 2, 3], [4], [5, 6, 7, 8], [9]])
  })

  test('fails together, and only together', async () => {
    const { ask } = given(2)
    const answers = await Promise.allSettled([ask([1, 13]), ask([2]), ask([3])])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  })
})

test('what is asked for later is a batch of its own', async () => {
  const { batches, ask } = given()
  await ask([1])
  await ask([2])
  expect(batches).toEqual([[1], [2]])
})
