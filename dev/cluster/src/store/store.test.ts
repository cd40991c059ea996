import { describe, expect, it } from 'vitest'
import { AlreadyExists, createStore } from './store.ts'
import type { KubeObject, StoreEvent } from './types.ts'

const makeConfigMap = (name: string, data: Record<string, string> = {}, namespace = 'default'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, uid: '', resourceVersion: '', creationTimestamp: '' },
  data,
})

describe('a store', () => {
  it('gives a new object its uid, version and time', () => {
    const store = createStore({ now: () => new Date('2026-11-23T08:00:00.123Z') })
    const { metadata } = store.create('configmaps', makeConfigMap('a'))
    expect(metadata).toMatchObject({ resourceVersion: '1', creationTimestamp: '2026-11-23T08:00:00Z' })
    expect(metadata.uid).toMatch(/^[\da-f-]{36}$/)
  })

  it('keeps the uid of an object that has one', () => {
    const object = makeConfigMap('a')
    object.metadata.uid = 'mine'
    expect(createStore().create('configmaps', object).metadata.uid).toBe('mine')
  })

  it('refuses a name that is taken, in the same namespace alone', () => {
    const store = createStore()
    store.create('configmaps', makeConfigMap('a'))
    expect(() => store.create('configmaps', makeConfigMap('a'))).toThrow(AlreadyExists)
    expect(store.create('configmaps', makeConfigMap('a', {}, 'other')).metadata.resourceVersion).toBe('2')
  })

  it('counts one sequence of versions over all resources', () => {
    const store = createStore()
    store.create('configmaps', makeConfigMap('a'))
    store.create('pods', makeConfigMap('a'))
    expect(store.resourceVersion).toBe(2)
  })

  it('lists in order of namespace and name, whatever the order of creation', () => {
    const store = createStore()
    for (const name of ['b', 'a', 'c'])
      store.create('configmaps', makeConfigMap(name, {}, name === 'c' ? 'a-first' : 'default'))
    expect(store.list('configmaps').map(({ metadata }) => metadata.name)).toEqual(['c', 'a', 'b'])
    expect(store.list('configmaps', 'default').map(({ metadata }) => metadata.name)).toEqual(['a', 'b'])
    store.remove('configmaps', 'default', 'a')
    expect(store.list('configmaps', 'default').map(({ metadata }) => metadata.name)).toEqual(['b'])
  })

  it('hands out what nobody can change', () => {
    const store = createStore()
    const object = store.create('configmaps', makeConfigMap('a', { key: 'value' }))
    expect(() => Object.assign(object.data as object, { key: 'other' })).toThrow(TypeError)
    expect(() => Object.assign(object.metadata, { name: 'other' })).toThrow(TypeError)
    expect(store.get('configmaps', 'default', 'a')).toBe(object)
  })

  it('changes an object by a draft, and leaves older states as they were', () => {
    const store = createStore()
    const before = store.create('configmaps', makeConfigMap('a', { key: 'old' }))
    const after = store.mutate('configmaps', 'default', 'a', (draft) => {
      draft.data = { key: 'new' }
    })
    expect(after).toMatchObject({ data: { key: 'new' }, metadata: { resourceVersion: '2', uid: before.metadata.uid } })
    expect(before).toMatchObject({ data: { key: 'old' }, metadata: { resourceVersion: '1' } })
  })

  it('stores nothing when a change alters nothing', () => {
    const store = createStore()
    const before = store.create('configmaps', makeConfigMap('a'))
    expect(store.mutate('configmaps', 'default', 'a', () => {})).toBe(before)
    expect(store.resourceVersion).toBe(1)
  })

  it('keeps a key that is called as the prototype is', () => {
    const store = createStore()
    store.create('configmaps', makeConfigMap('a', JSON.parse('{"__proto__": "x"}') as Record<string, string>))
    const after = store.mutate('configmaps', 'default', 'a', (draft) => {
      draft.metadata.labels = { changed: 'yes' }
    })
    expect(JSON.stringify(after?.data)).toBe('{"__proto__":"x"}')
  })

  it('has nothing to change, replace or remove where there is nothing', () => {
    const store = createStore()
    expect(store.mutate('configmaps', 'default', 'a', () => {})).toBeUndefined()
    expect(store.replace('configmaps', makeConfigMap('a'))).toBeUndefined()
    expect(store.remove('configmaps', 'default', 'a')).toBeUndefined()
  })
})

describe('a subscriber', () => {
  it('hears of every change, with the state before it', () => {
    const store = createStore()
    const events: StoreEvent[] = []
    store.subscribe('configmaps', (event) => events.push(event))
    const created = store.create('configmaps', makeConfigMap('a'))
    const replaced = store.replace('configmaps', makeConfigMap('a', { key: 'value' }))
    const removed = store.remove('configmaps', 'default', 'a')
    expect(events).toEqual([
      { type: 'ADDED', object: created },
      { type: 'MODIFIED', object: replaced, previous: created },
      { type: 'DELETED', object: removed, previous: replaced },
    ])
    expect(removed?.metadata.resourceVersion).toBe('3')
  })

  it('hears of changes in order, those too that another subscriber makes on hearing', () => {
    const store = createStore()
    const seen: string[] = []
    store.subscribe('configmaps', ({ type, object }) => {
      if (type === 'ADDED') store.remove('configmaps', 'default', object.metadata.name)
    })
    store.subscribe('configmaps', ({ type }) => seen.push(type))
    store.create('configmaps', makeConfigMap('a'))
    expect(seen).toEqual(['ADDED', 'DELETED'])
  })

  it('hears nothing of other resources, and nothing after it has left', () => {
    const store = createStore()
    const events: StoreEvent[] = []
    const unsubscribe = store.subscribe('configmaps', (event) => events.push(event))
    store.create('pods', makeConfigMap('a'))
    unsubscribe()
    store.create('configmaps', makeConfigMap('a'))
    expect(events).toEqual([])
  })
})

describe('the history', () => {
  it('tells the changes after a version', () => {
    const store = createStore()
    for (const name of ['a', 'b', 'c']) store.create('configmaps', makeConfigMap(name))
    expect(store.since('configmaps', 1)?.map(({ object }) => object.metadata.name)).toEqual(['b', 'c'])
    expect(store.since('configmaps', 3)).toEqual([])
    expect(store.since('pods', 0)).toEqual([])
  })

  it('forgets the oldest changes beyond its limit, but never fewer than the limit', () => {
    const store = createStore({ historyLimit: 2 })
    for (const name of ['a', 'b', 'c', 'd']) store.create('configmaps', makeConfigMap(name))
    expect(store.since('configmaps', 1)).toBeUndefined()
    expect(store.since('configmaps', 2)).toHaveLength(2)
  })

  it('forgets everything when compacted, though not the present', () => {
    const store = createStore()
    store.create('configmaps', makeConfigMap('a'))
    store.create('configmaps', makeConfigMap('b'))
    store.compact()
    expect(store.since('configmaps', 1)).toBeUndefined()
    expect(store.since('configmaps', 2)).toEqual([])
    expect(store.list('configmaps')).toHaveLength(2)
  })
})
