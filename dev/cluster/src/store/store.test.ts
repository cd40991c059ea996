import { expect, test } from 'vitest'
import { makeConfigMap } from '../testing/controllers.ts'
import { AlreadyExists, createStore } from './store.ts'
import type { StoreEvent } from './types.ts'

test('a created object gets a uid, a version and its time', () => {
  const store = createStore({ now: () => new Date('2026-11-23T08:00:00.123Z') })
  const { metadata } = store.create('configmaps', makeConfigMap('a'))
  expect(metadata).toMatchObject({ resourceVersion: '1', creationTimestamp: '2026-11-23T08:00:00Z' })
  expect(metadata.uid).toMatch(/^[\da-f-]{36}$/)
})

test('a name is unique within its namespace', () => {
  const store = createStore()
  store.create('configmaps', makeConfigMap('a'))
  expect(() => store.create('configmaps', makeConfigMap('a'))).toThrow(AlreadyExists)
  expect(store.create('configmaps', makeConfigMap('a', {}, 'other')).metadata.resourceVersion).toBe('2')
})

test('a list is sorted by namespace and name', () => {
  const store = createStore()
  for (const name of ['b', 'a']) store.create('configmaps', makeConfigMap(name))
  store.create('configmaps', makeConfigMap('c', {}, 'a-first'))
  expect(store.list('configmaps').map(({ metadata }) => metadata.name)).toEqual(['c', 'a', 'b'])
  store.remove('configmaps', 'default', 'a')
  expect(store.list('configmaps', 'default').map(({ metadata }) => metadata.name)).toEqual(['b'])
})

test('stored objects cannot be changed', () => {
  const store = createStore()
  const object = store.create('configmaps', makeConfigMap('a', { key: 'value' }))
  expect(() => Object.assign(object['data'] as object, { key: 'other' })).toThrow(TypeError)
  expect(store.get('configmaps', 'default', 'a')).toBe(object)
})

test('a mutation stores a new state and leaves the old one', () => {
  const store = createStore()
  const before = store.create('configmaps', makeConfigMap('a', { key: 'old' }))
  const after = store.mutate('configmaps', 'default', 'a', (draft) => (draft['data'] = { key: 'new' }))
  expect(after).toMatchObject({ data: { key: 'new' }, metadata: { resourceVersion: '2', uid: before.metadata.uid } })
  expect(before).toMatchObject({ data: { key: 'old' }, metadata: { resourceVersion: '1' } })
  expect(store.mutate('configmaps', 'default', 'a', () => {})).toBe(after)
  expect(store.resourceVersion).toBe(2)
})

test('a mutation keeps the key __proto__', () => {
  const store = createStore()
  store.create('configmaps', makeConfigMap('a', JSON.parse('{"__proto__": "x"}') as Record<string, string>))
  const after = store.mutate('configmaps', 'default', 'a', (draft) => (draft.metadata.labels = { changed: 'yes' }))
  expect(JSON.stringify(after?.['data'])).toBe('{"__proto__":"x"}')
})

test('a subscriber gets every change with the state before it, until it unsubscribes', () => {
  const store = createStore()
  const events: StoreEvent[] = []
  const unsubscribe = store.subscribe('configmaps', (event) => events.push(event))
  store.create('pods', makeConfigMap('a'))
  const created = store.create('configmaps', makeConfigMap('a'))
  const replaced = store.replace('configmaps', makeConfigMap('a', { key: 'value' }))
  const removed = store.remove('configmaps', 'default', 'a')
  unsubscribe()
  store.create('configmaps', makeConfigMap('a'))
  expect(events).toEqual([
    { type: 'ADDED', object: created },
    { type: 'MODIFIED', object: replaced, previous: created },
    { type: 'DELETED', object: removed, previous: replaced },
  ])
  expect(removed?.metadata.resourceVersion).toBe('4')
})

test('subscribers get changes in order, even if one of them writes', () => {
  const store = createStore()
  const seen: string[] = []
  store.subscribe('configmaps', ({ type, object }) => {
    if (type === 'ADDED') store.remove('configmaps', 'default', object.metadata.name)
  })
  store.subscribe('configmaps', ({ type }) => seen.push(type))
  store.create('configmaps', makeConfigMap('a'))
  expect(seen).toEqual(['ADDED', 'DELETED'])
})

test('the history has the changes after a version, within its limit', () => {
  const store = createStore({ historyLimit: 2 })
  for (const name of ['a', 'b', 'c']) store.create('configmaps', makeConfigMap(name))
  expect(store.since('configmaps', 1)?.map(({ object }) => object.metadata.name)).toEqual(['b', 'c'])
  expect(store.since('pods', 0)).toEqual([])
  store.create('configmaps', makeConfigMap('d'))
  expect(store.since('configmaps', 1)).toBeUndefined()
  expect(store.since('configmaps', 2)).toHaveLength(2)
})

test('a compaction expires every older version', () => {
  const store = createStore()
  for (const name of ['a', 'b']) store.create('configmaps', makeConfigMap(name))
  store.compact()
  expect(store.since('configmaps', 1)).toBeUndefined()
  expect(store.since('configmaps', 2)).toEqual([])
  expect(store.list('configmaps')).toHaveLength(2)
})
