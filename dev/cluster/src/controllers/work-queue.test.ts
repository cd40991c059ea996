import { expect, it, onTestFinished } from 'vitest'
import { createWorkQueue, type WorkQueue } from './work-queue.ts'

/** A queue and the keys it handled; `handled(n)` resolves when there are so many. */
function makeQueue(handle: (key: string, queue: WorkQueue) => void = () => {}) {
  const keys: string[] = []
  const errors: unknown[] = []
  let awaited: { count: number; resolve: () => void } | undefined
  const queue: WorkQueue = createWorkQueue(
    (key) => {
      keys.push(key)
      if (keys.length === awaited?.count) awaited.resolve()
      handle(key, queue)
    },
    (_, error) => errors.push(error),
  )
  onTestFinished(() => queue.stop())
  const handled = (count: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    awaited = { count, resolve }
    return promise
  }
  return { queue, keys, errors, handled }
}

it('handles a key once, however often it was added', async () => {
  const { queue, keys, handled } = makeQueue()
  for (const key of ['a', 'b', 'a', 'a']) queue.add(key)
  await handled(2)
  queue.add('c')
  await handled(3)
  expect(keys).toEqual(['a', 'b', 'c'])
})

it('handles a key again that is added while it is handled', async () => {
  let again = true
  const { queue, keys, handled } = makeQueue((key, self) => {
    if (again) self.add(key)
    again = false
  })
  queue.add('a')
  await handled(2)
  expect(keys).toEqual(['a', 'a'])
})

it('goes on after a failure', async () => {
  const { queue, keys, errors, handled } = makeQueue((key) => {
    if (key === 'bad') throw new Error('no')
  })
  queue.add('bad')
  queue.add('good')
  await handled(2)
  expect(keys).toEqual(['bad', 'good'])
  expect(errors).toHaveLength(1)
})

it('lets others have their turn while it is long', async () => {
  const { queue, keys, handled } = makeQueue()
  for (let i = 0; i < 1000; i += 1) queue.add(`${i}`)
  const turn = new Promise<number>((resolve) => setImmediate(() => resolve(keys.length)))
  expect(await turn).toBeLessThan(1000)
  await handled(1000)
  expect(keys.at(-1)).toBe('999')
})

it('keeps one alarm for each key, the newest', async () => {
  const { queue, keys, handled } = makeQueue()
  queue.wakeAfter('a', 1)
  queue.wakeAfter('a', 3_000_000_000)
  queue.wakeAfter('b', 1)
  queue.wakeAfter('b', undefined)
  queue.wakeAfter('c', 2)
  await handled(1)
  expect(keys).toEqual(['c'])
})

it('does nothing more once it is stopped', async () => {
  const { queue, keys } = makeQueue()
  queue.add('a')
  queue.wakeAfter('b', 0)
  queue.stop()
  queue.add('c')
  const later = makeQueue()
  later.queue.wakeAfter('d', 1)
  await later.handled(1)
  expect(keys).toEqual([])
})
