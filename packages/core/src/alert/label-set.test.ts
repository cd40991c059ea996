import { describe, expect, it } from 'vitest'
import { labelSet, labelSetSchema } from './label-set.ts'

const HOSTILE_JSON = '{"__proto__":"polluted","constructor":"c","toString":"t","hasOwnProperty":"h"}'

describe('labelSetSchema', () => {
  it('takes an object of strings', () => {
    expect(Object.entries(labelSetSchema.parse({ a: '1', b: '' }))).toEqual([
      ['a', '1'],
      ['b', ''],
    ])
  })

  it('keeps labels that are called like what every object has, without becoming what they say', () => {
    const labels = labelSetSchema.parse(JSON.parse(HOSTILE_JSON))
    expect(JSON.stringify(labels)).toBe(HOSTILE_JSON)
    expect(Object.getPrototypeOf(labels)).toBeNull()
    expect({}).not.toHaveProperty('polluted')
  })

  it('has no label that did not come', () => {
    expect(labelSetSchema.parse({})['constructor']).toBeUndefined()
  })

  it.each([undefined, null, 'text', 1, true, []])('refuses %j', (input) => {
    expect(labelSetSchema.safeParse(input).error?.issues).toMatchObject([{ message: 'must be an object of strings' }])
  })

  it('names each label that is not a string', () => {
    const { error } = labelSetSchema.safeParse({ a: 1, b: 'fine', c: null, d: {} })
    expect(error?.issues.map(({ path, message }) => [path, message])).toEqual([
      [['a'], 'must be a string'],
      [['c'], 'must be a string'],
      [['d'], 'must be a string'],
    ])
  })
})

describe('labelSet', () => {
  it('keeps what is a string', () => {
    expect({ ...labelSet({ a: 'b', c: 1, d: null }) }).toEqual({ a: 'b' })
  })

  it.each([undefined, null, {}])('is empty for %j', (entries) => {
    expect(Object.keys(labelSet(entries))).toEqual([])
  })
})
