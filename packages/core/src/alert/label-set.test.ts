import { expect, test } from 'vitest'
import { labelSet, labelSetSchema } from './label-set.ts'

const HOSTILE_JSON = '{"__proto__":"polluted","constructor":"c","toString":"t","hasOwnProperty":"h"}'

test('labelSetSchema accepts an object of strings', () => {
  expect(Object.entries(labelSetSchema.parse({ a: '1', b: '' }))).toEqual([
    ['a', '1'],
    ['b', ''],
  ])
})

test('labelSetSchema keeps labels named like properties of every object, without side effects', () => {
  const labels = labelSetSchema.parse(JSON.parse(HOSTILE_JSON))
  expect(JSON.stringify(labels)).toBe(HOSTILE_JSON)
  expect(Object.getPrototypeOf(labels)).toBeNull()
  expect({}).not.toHaveProperty('polluted')
})

test('labelSetSchema has no inherited labels', () => {
  expect(labelSetSchema.parse({})['constructor']).toBeUndefined()
})

test.each([undefined, null, 'text', 1, true, []])('labelSetSchema rejects %j', (input) => {
  expect(labelSetSchema.safeParse(input).error?.issues).toMatchObject([{ message: 'must be an object of strings' }])
})

test('labelSetSchema reports each label that is not a string', () => {
  const { error } = labelSetSchema.safeParse({ a: 1, b: 'fine', c: null, d: {} })
  expect(error?.issues.map(({ path, message }) => [path, message])).toEqual([
    [['a'], 'must be a string'],
    [['c'], 'must be a string'],
    [['d'], 'must be a string'],
  ])
})

test('labelSet keeps only strings', () => {
  expect({ ...labelSet({ a: 'b', c: 1, d: null }) }).toEqual({ a: 'b' })
})

test.each([undefined, null, {}])('labelSet is empty for %j', (entries) => {
  expect(Object.keys(labelSet(entries))).toEqual([])
})
