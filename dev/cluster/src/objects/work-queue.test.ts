import { expect, onTestFinished, test, vi } from 'vitest'
import { createWorkQueue } from './work-queue.ts'

function makeQueue(handle: (key: string) => void = () => {}) {
  const keys: string[] = []
  const queue = createWorkQueue((key) => {
    keys.push(key)
    handle(key)
  })
  onTestFinished(() => queue.stop())
  const handled = (count: number) => expect.poll(() => keys.length, { interval: 2 }).toBe(count)
  return { queue, keys, handled }
}

test('a work queue handles a key once, however often it was added', async () => {
  const { queue, keys, handled } = makeQueue()
  for (const key of ['a', 'b', 'a', 'a']) queue.add(key)
  await handled(2)
  queue.add('a')
  await handled(3)
  expect(keys).toEqual(['a', 'b', 'a'])
})

test('a work queue reports an error and continues', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => log.mockRestore())
  const error = new Error('no')
  const { queue, handled } = makeQueue((key) => {
    if (key === 'bad') throw error
  })
  for (const key of ['bad', 'good']) queue.add(key)
  await handled(2)
  expect(log.mock.calls).toEqual([['devcluster: controller failed for bad', error]])
})

test('a long work queue lets other work run', async () => {
  const { queue, keys, handled } = makeQueue()
  for (let i = 0; i < 1000; i += 1) queue.add(`${i}`)
  expect(await new Promise<number>((resolve) => setImmediate(() => resolve(keys.length)))).toBeLessThan(1000)
  await handled(1000)
})

test('a work queue keeps the newest alarm of each key', async () => {
  const { queue, keys, handled } = makeQueue()
  queue.wakeAfter('a', 1)
  queue.wakeAfter('a', 3_000_000_000)
  queue.wakeAfter('b', 1)
  queue.wakeAfter('b', undefined)
  queue.wakeAfter('c', 2)
  await handled(1)
  expect(keys).toEqual(['c'])
})

test('a stopped work queue handles nothing', async () => {
  const { queue, keys } = makeQueue()
  queue.add('a')
  queue.wakeAfter('b', 0)
  queue.stop()
  queue.add('c')
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(keys).toEqual([])
})
