import { expect, test } from 'vitest'
import { createLogStore } from './log-store.ts'

const text = (chunks: readonly { data: Buffer }[] | undefined): string | undefined =>
  chunks && Buffer.concat(chunks.map(({ data }) => data)).toString()

test('a container that wrote nothing has an empty log; one that never started has none', () => {
  const logs = createLogStore()
  logs.end('pod', 'silent')
  expect(logs.read('pod', 'silent')).toEqual([])
  expect(logs.read('pod', 'absent')).toBeUndefined()
})

test('a log drops its oldest chunks beyond the limit', () => {
  const logs = createLogStore(6)
  for (const chunk of ['aaa', 'bbb', 'ccc']) logs.append('pod', 'main', Buffer.from(chunk))
  expect(text(logs.read('pod', 'main'))).toBe('bbbccc')
  logs.append('pod', 'main', Buffer.from('12345678'))
  expect(text(logs.read('pod', 'main'))).toBe('345678')
})

test('a follower gets each chunk and the end once', async () => {
  const logs = createLogStore()
  const seen: string[] = []
  const follow = () =>
    logs.follow(
      'pod',
      'main',
      ({ data }) => seen.push(data.toString()),
      () => seen.push('end'),
    )
  follow()
  logs.append('pod', 'main', Buffer.from('one'))
  logs.end('pod', 'main')
  logs.end('pod', 'main')
  expect(seen).toEqual(['one', 'end'])
  follow()
  follow()()
  await Promise.resolve()
  expect(seen).toEqual(['one', 'end', 'end'])
})

test('a removed pod has no log and its followers get the end', async () => {
  const logs = createLogStore()
  logs.append('pod', 'main', Buffer.from('one'))
  await new Promise<void>((resolve) => {
    logs.follow('pod', 'main', () => {}, resolve)
    logs.remove('pod')
  })
  expect(logs.read('pod', 'main')).toBeUndefined()
})
