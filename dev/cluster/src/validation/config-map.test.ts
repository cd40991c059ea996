import { expect, test } from 'vitest'
import { validateConfigMap } from './config-map.ts'

const makeConfigMap = (fields: object): object => ({ metadata: { name: 'a' }, ...fields })

test.each([
  {},
  { data: { 'A.b_c-d': 'text' }, binaryData: { other: 'AAAA' } },
  { data: { key: 'x'.repeat(1024 * 1024) } },
  { metadata: { name: 'openfero-highcpu.example-firing' } },
])('a ConfigMap is valid: case %#', (fields) => {
  expect(validateConfigMap(makeConfigMap(fields))).toEqual([])
})

test.each([
  [{ metadata: { name: 'openfero-HighCPU-firing' } }, 'metadata.name', 'FieldValueInvalid'],
  [{ metadata: { name: 'a'.repeat(254) } }, 'metadata.name', 'FieldValueInvalid'],
  [{ data: { 'a b': '' } }, 'data[a b]', 'FieldValueInvalid'],
  [{ data: { 'a/b': '' } }, 'data[a/b]', 'FieldValueInvalid'],
  [{ data: { '.': '' } }, 'data[.]', 'FieldValueInvalid'],
  [{ data: { '..a': '' } }, 'data[..a]', 'FieldValueInvalid'],
  [{ data: { ['a'.repeat(254)]: '' } }, `data[${'a'.repeat(254)}]`, 'FieldValueInvalid'],
  [{ data: { key: '' }, binaryData: { key: '' } }, 'data[key]', 'FieldValueInvalid'],
  [{ data: { key: 'ä'.repeat(1024 * 512), more: 'x' } }, '', 'FieldValueTooLong'],
])('a ConfigMap is invalid: case %# at %j', (fields, path, type) => {
  expect(validateConfigMap(makeConfigMap(fields))).toEqual([expect.objectContaining({ path, type })])
})
