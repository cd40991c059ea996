import { expect, test } from 'vitest'
import { fingerprint } from './fingerprint.ts'
import { labelSet } from './label-set.ts'

const node = (instance: string) => ({
  alertname: 'DiskSpaceLow',
  severity: 'warning',
  instance,
  mountpoint: '/var/log',
})

test.each([
  ['the first captured alert', node('node-1'), 'f50231e3d4238e6b'],
  ['the second captured alert', node('node-2'), '32f550632570f8de'],
])('fingerprint matches Alertmanager 0.33.1 for %s', (_, labels, want) => {
  expect(fingerprint(labelSet(labels))).toBe(want)
})

// Computed by another implementation (Python, from the description in prometheus/common).
test.each([
  ['no labels', {}, 'cbf29ce484222325'],
  ['a hash with leading zeros', { alertname: 'A', i: '6314' }, '00000768c5a3ebb6'],
  // In UTF-16 order the last two would be swapped.
  ['names in the order of their UTF-8 bytes', { a: 'ß', é: 'b', Z: '', '😀': 'x', '\uffff': 'y' }, '2ff5cf85e9f7151f'],
])('fingerprint matches another implementation for %s', (_, labels, want) => {
  expect(fingerprint(labelSet(labels))).toBe(want)
})

test('fingerprint does not depend on the order of the labels', () => {
  expect(fingerprint(labelSet({ b: '2', a: '1' }))).toBe(fingerprint(labelSet({ a: '1', b: '2' })))
})

test('fingerprint separates name and value', () => {
  expect(fingerprint(labelSet({ ab: 'c' }))).not.toBe(fingerprint(labelSet({ a: 'bc' })))
})
