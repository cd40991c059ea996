import { describe, expect, it } from 'vitest'
import { applyJsonPatch } from './json-patch.ts'
import { applyMergePatch } from './merge-patch.ts'
import { applyStrategicMergePatch } from './strategic-merge-patch.ts'

describe('a merge patch', () => {
  // The cases of RFC 7386, appendix A.
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('on %j of %j makes %j', (target, patch, expected) => {
    expect(applyMergePatch(target, patch)).toEqual(expected)
  })
})

describe('a JSON patch', () => {
  it.each([
    [{ a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    [{ a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    [{ a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    [{ a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
    [{ a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
    [{ a: 1 }, [{ op: 'replace', path: '/a', value: 2 }], { a: 2 }],
    [{ a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
    [{ a: { x: 1 } }, [{ op: 'move', from: '/a/x', path: '/y' }], { a: {}, y: 1 }],
    [{ a: { x: 1 } }, [{ op: 'copy', from: '/a', path: '/b' }], { a: { x: 1 }, b: { x: 1 } }],
    [
      { 'a/b': 1, 'c~d': 2 },
      [
        { op: 'remove', path: '/a~1b' },
        { op: 'remove', path: '/c~0d' },
      ],
      {},
    ],
    [{ a: { b: [1] } }, [{ op: 'test', path: '/a', value: { b: [1] } }], { a: { b: [1] } }],
  ])('on %j of %j makes %j', (target, patch, expected) => {
    expect(applyJsonPatch(structuredClone(target), patch)).toEqual(expected)
  })

  it.each([
    [{ op: 'test', path: '/a', value: 2 }],
    [{ op: 'remove', path: '/none' }],
    [{ op: 'replace', path: '/none', value: 1 }],
    [{ op: 'add', path: '/none/deeper', value: 1 }],
    [{ op: 'add', path: '/list/9', value: 1 }],
    [{ op: 'add', path: '/list/01', value: 1 }],
    [{ op: 'remove', path: '/list/-' }],
    [{ op: 'remove', path: '/toString' }],
    [{ op: 'unheard-of', path: '/a' }],
    [{ op: 'add', path: 'a', value: 1 }],
    [{ op: 'add', value: 1 }],
    ['nonsense'],
  ])('of %j cannot be applied', (step) => {
    expect(() => applyJsonPatch({ a: 1, list: [1] }, [step])).toThrow('the server rejected our request')
  })

  it('never reaches the prototype', () => {
    const patched = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }])
    expect(Object.keys(patched as object)).toEqual(['__proto__'])
    expect({}).not.toHaveProperty('polluted')
  })
})

describe('a strategic merge patch', () => {
  const containers = [
    { name: 'a', image: '1', env: [{ name: 'X', value: '1' }] },
    { name: 'b', image: '1' },
  ]

  it.each([
    ['merges objects and deletes by null', { a: { b: 1, c: 2 } }, { a: { b: null } }, { a: { c: 2 } }],
    ['replaces lists without a key', { command: ['a'] }, { command: ['b', 'c'] }, { command: ['b', 'c'] }],
    [
      'merges items by their key',
      { containers },
      { containers: [{ name: 'b', image: '2' }] },
      { containers: [containers[0], { name: 'b', image: '2' }] },
    ],
    ['adds items', { containers: [] }, { containers: [{ name: 'c' }] }, { containers: [{ name: 'c' }] }],
    [
      'merges lists within items',
      { containers },
      { containers: [{ name: 'a', env: [{ name: 'Y', value: '2' }] }] },
      {
        containers: [
          {
            name: 'a',
            image: '1',
            env: [
              { name: 'X', value: '1' },
              { name: 'Y', value: '2' },
            ],
          },
          containers[1],
        ],
      },
    ],
    [
      'deletes items',
      { containers },
      { containers: [{ name: 'a', $patch: 'delete' }] },
      { containers: [containers[1]] },
    ],
    [
      'deletes items that are not there',
      { containers: [] },
      { containers: [{ name: 'a', $patch: 'delete' }] },
      { containers: [] },
    ],
    [
      'replaces whole lists',
      { containers },
      { containers: [{ $patch: 'replace' }, { name: 'z' }] },
      { containers: [{ name: 'z' }] },
    ],
    [
      'replaces whole objects',
      { labels: { a: '1' } },
      { labels: { $patch: 'replace', b: '2' } },
      { labels: { b: '2' } },
    ],
    ['deletes whole objects', { labels: { a: '1' } }, { labels: { $patch: 'delete' } }, { labels: {} }],
    [
      'orders items',
      { env: [{ name: 'A' }, { name: 'B' }, { name: 'C' }] },
      { '$setElementOrder/env': [{ name: 'C' }, { name: 'A' }] },
      { env: [{ name: 'C' }, { name: 'B' }, { name: 'A' }] },
    ],
    ['adds to sets', { finalizers: ['a'] }, { finalizers: ['a', 'b'] }, { finalizers: ['a', 'b'] }],
    [
      'takes from sets',
      { finalizers: ['a', 'b'] },
      { '$deleteFromPrimitiveList/finalizers': ['a'] },
      { finalizers: ['b'] },
    ],
    [
      'keeps certain keys alone',
      { volumes: [{ name: 'v', emptyDir: {} }] },
      { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/' } }] },
      { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
    ],
    [
      'leaves no directive in what is new',
      {},
      { env: [{ name: 'A', valueFrom: { $retainKeys: ['x'] } }], list: [{ $patch: 'replace', a: 1 }] },
      { env: [{ name: 'A', valueFrom: {} }], list: [{ a: 1 }] },
    ],
    [
      'merges conditions by type',
      { conditions: [{ type: 'A', status: 'False' }] },
      { conditions: [{ type: 'A', status: 'True' }] },
      { conditions: [{ type: 'A', status: 'True' }] },
    ],
  ])('%s', (_, target, patch, expected) => {
    expect(applyStrategicMergePatch(target, patch)).toEqual(expected)
  })

  it('refuses an item without its key', () => {
    expect(() => applyStrategicMergePatch({}, { env: [{ value: '1' }] })).toThrow(
      'does not contain declared merge key: name',
    )
  })
})
