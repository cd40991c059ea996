import { expect, test } from 'vitest'
import { applyMergePatch, applyStrategicMergePatch } from './patch.ts'

// The cases of RFC 7386, appendix A.
test.each([
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ a: 'b' }, ['c'], ['c']],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
])('a merge patch of %j with %j is %j', (target, patch, expected) => {
  expect(applyMergePatch(target, patch)).toEqual(expected)
})

const [a, b] = [
  { name: 'a', image: '1' },
  { name: 'b', image: '1' },
]
test.each([
  ['merges objects', { x: { b: 1, c: 2 } }, { x: { b: null } }, { x: { c: 2 } }],
  ['replaces lists without a key', { command: ['a'] }, { command: ['b', 'c'] }, { command: ['b', 'c'] }],
  [
    'merges items by their key',
    { containers: [a, b] },
    { containers: [{ name: 'b', image: '2' }, { name: 'c' }], '$setElementOrder/containers': [] },
    { containers: [a, { name: 'b', image: '2' }, { name: 'c' }] },
  ],
  ['deletes items', { containers: [a, b] }, { containers: [{ name: 'a', $patch: 'delete' }] }, { containers: [b] }],
])('a strategic merge patch %s', (_, target, patch, expected) => {
  expect(applyStrategicMergePatch(target, patch)).toEqual(expected)
})
