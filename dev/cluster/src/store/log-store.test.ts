import { expect, it, vi } from 'vitest'
import { createLogStore } from './log-store.ts'

const text = (chunks: readonly { data: Buffer }[] | undefined): string | undefined =>
  chunks && Buffer.concat(chunks.map(({ data }) => data)).toString()

it('keeps what a container wrote, with the time of each chunk', () => {
  const time = new Date('2026-11-23T08:00:00Z')
  const logs = createLogStore({ now: () => time })
  logs.append('pod', 'main', Buffer.from('hello '))
  logs.append('pod', 'main', Buffer.from('world'))
  expect(text(logs.read('pod', 'main'))).toBe('hello world')
  expect(logs.read('pod', 'main')?.[0]?.time).toBe(time)
})

it('knows a container that wrote nothing from one that never started', () => {
  const logs = createLogStore()
  logs.end('pod', 'silent')
  expect(logs.read('pod', 'silent')).toEqual([])
  expect(logs.read('pod', 'absent')).toBeUndefined()
})

it('drops the oldest chunks beyond its limit', () => {
  const logs = createLogStore({ limitBytes: 6 })
  for (const chunk of ['aaa', 'bbb', 'ccc']) logs.append('pod', 'main', Buffer.from(chunk))
  expect(text(logs.read('pod', 'main'))).toBe('bbbccc')
})

it('keeps the end of a chunk that is itself beyond the limit', () => {
  const logs = createLogStore({ limitBytes: 4 })
  logs.append('pod', 'main', Buffer.from('123456'))
  expect(text(logs.read('pod', 'main'))).toBe('3456')
})

it('tells followers of each chunk, and once of the end', () => {
  const logs = createLogStore()
  const chunks: string[] = []
  const onEnd = vi.fn<() => void>()
  logs.follow('pod', 'main', ({ data }) => chunks.push(data.toString()), onEnd)
  logs.append('pod', 'main', Buffer.from('one'))
  logs.end('pod', 'main')
  logs.end('pod', 'main')
  expect(chunks).toEqual(['one'])
  expect(onEnd).toHaveBeenCalledOnce()
})

it('ends who follows a container that has ended, and a pod that is removed', async () => {
  const logs = createLogStore()
  logs.end('pod', 'main')
  await new Promise<void>((resolve) => void logs.follow('pod', 'main', () => {}, resolve))
  await new Promise<void>((resolve) => {
    logs.follow('pod', 'other', () => {}, resolve)
    logs.remove('pod')
  })
  expect(logs.read('pod', 'main')).toBeUndefined()
})

it('tells nothing to who has left', async () => {
  const logs = createLogStore()
  const onChunk = vi.fn<() => void>()
  const onEnd = vi.fn<() => void>()
  logs.end('pod', 'main')
  logs.follow('pod', 'main', onChunk, onEnd)()
  await Promise.resolve()
  logs.append('pod', 'main', Buffer.from('more'))
  expect(onChunk).not.toHaveBeenCalled()
  expect(onEnd).not.toHaveBeenCalled()
})

it('goes on after the end when the container is restarted', () => {
  const logs = createLogStore()
  logs.append('pod', 'main', Buffer.from('first '))
  logs.end('pod', 'main')
  logs.append('pod', 'main', Buffer.from('second'))
  expect(text(logs.read('pod', 'main'))).toBe('first second')
})
