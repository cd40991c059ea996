import { expect, test } from 'vitest'
import { VERSION } from '../process/version.ts'
import { createRegistry } from './registry.ts'

test('tells which version runs, and of the runtime', async () => {
  const text = await createRegistry().metrics()
  expect(text).toContain(`opifer_build_info{version="${VERSION}"} 1`)
  expect(text).toContain('process_resident_memory_bytes ')
})

test('only counters are named as counters are', async () => {
  const metrics = await createRegistry().getMetricsAsJSON()
  const misnamed = metrics.filter(({ name, type }) => name.endsWith('_total') && String(type) !== 'counter')
  expect(misnamed.map(({ name }) => name)).toEqual([])
})
