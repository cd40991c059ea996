import { describe, expect, test } from 'vitest'
import { batched } from './batch.ts'

function makeBatched(max = 10) {
  const batches: number[][] = []
  const ask = batched(async (items: readonly number[]) => {
    batches.push([...items])
    if (items.includes(13)) throw new Error('unlucky')
    return items.map((item) => -item)
  }, max)
  return { batches, ask }
}

describe('batched', () => {
  test('requests of one tick share a batch, and each gets its own answers', async () => {
    const { batches, ask } = makeBatched()
    expect(await Promise.all([ask([1, 2]), ask([]), ask([3])])).toEqual([[-1, -2], [], [-3]])
    expect(batches).toEqual([[1, 2, 3]])
  })

  test('requests of one tick that exceed a batch make several', async () => {
    const { batches, ask } = makeBatched(3)
    await Promise.all([ask([1, 2]), ask([3]), ask([4]), ask([5, 6, 7, 8]), ask([9])])
    expect(batches).toEqual([[1, 2, 3], [4], [5, 6, 7, 8], [9]])
  })

  test('requests of a batch fail together, and other batches succeed', async () => {
    const { ask } = makeBatched(2)
    const answers = await Promise.allSettled([ask([1, 13]), ask([2]), ask([3])])
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  })
})

test('a request of a later tick is a batch of its own', async () => {
  const { batches, ask } = makeBatched()
  await ask([1])
  await ask([2])
  expect(batches).toEqual([[1], [2]])
})
