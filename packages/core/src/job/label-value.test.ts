import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hostileText } from '../testing/arbitraries.ts'
import { LABEL_VALUE } from '../testing/kubernetes.ts'
import { labelValue } from './label-value.ts'

test.each([
  ['DiskSpaceLow', 'DiskSpaceLow'],
  ['v1.2_3-4', 'v1.2_3-4'],
  ['Disk space low', 'Disk_space_low'],
  ['größe', 'gr__e'],
  ['_private_', 'private'],
  ['...', ''],
  ['', ''],
  ['x'.repeat(64), 'x'.repeat(63)],
  [`${'x'.repeat(62)}-y`, 'x'.repeat(62)],
  [`--${'x'.repeat(64)}`, 'x'.repeat(63)],
])('labelValue turns %j into %j', (text, want) => {
  expect(labelValue(text)).toBe(want)
})

test('labelValue is valid in Kubernetes for any text', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const value = labelValue(text)
      expect(value).toMatch(LABEL_VALUE)
      expect(value.length).toBeLessThanOrEqual(63)
    }),
    { numRuns: 300 },
  )
})
