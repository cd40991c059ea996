import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hostileText } from '../testing/arbitraries.ts'
import { CONFIG_MAP_KEY, DNS_SUBDOMAIN } from '../testing/kubernetes.ts'
import { operarioAddress } from './name.ts'

test.each([
  ['DiskSpaceLow', 'openfero-diskspacelow-firing', 'DiskSpaceLow'],
  ['Kube_Quota', 'openfero-kube-quota-firing', 'Kube_Quota'],
  ['Disk Space Low', 'openfero-disk-space-low-firing', 'Disk-Space-Low'],
  ['node.disk', 'openfero-node.disk-firing', 'node.disk'],
  ['node..disk', 'openfero-node-disk-firing', 'node..disk'],
  ['node.-disk', 'openfero-node-disk-firing', 'node.-disk'],
  ['.disk.', 'openfero--disk--firing', '.disk.'],
  ['...', 'openfero---firing', '...'],
  ['größe', 'openfero-gr--e-firing', 'gr--e'],
  ['🔥', 'openfero----firing', '--'],
  ['../secrets', 'openfero--secrets-firing', '..-secrets'],
  ['a/b:c@d', 'openfero-a-b-c-d-firing', 'a-b-c-d'],
])('operarioAddress maps %j to ConfigMap %s and key %j', (alertname, configMap, key) => {
  expect(operarioAddress({ alertname, status: 'firing' })).toEqual({ configMap, key })
})

test('operarioAddress distinguishes firing from resolved', () => {
  expect(operarioAddress({ alertname: 'A', status: 'resolved' })?.configMap).toBe('openfero-a-resolved')
})

test.each([
  ['firing', 237],
  ['resolved', 235],
] as const)('operarioAddress is undefined for a %s alert with a name of more than %i characters', (status, max) => {
  expect(operarioAddress({ alertname: 'x'.repeat(max), status })?.configMap).toHaveLength(253)
  expect(operarioAddress({ alertname: 'x'.repeat(max + 1), status })).toBeUndefined()
})

test('operarioAddress rejects a huge name quickly', () => {
  const started = performance.now()
  expect(operarioAddress({ alertname: '-'.repeat(256 * 1024), status: 'firing' })).toBeUndefined()
  expect(performance.now() - started).toBeLessThan(1_000)
})

test('operarioAddress is valid in Kubernetes for any alertname', () => {
  const alertname = fc.oneof(fc.string({ unit: fc.constantFrom('.', '-', 'a', 'B', 'İ', 'K', '_') }), hostileText)
  fc.assert(
    fc.property(alertname.filter(Boolean), fc.constantFrom('firing', 'resolved'), (name, status) => {
      const address = operarioAddress({ alertname: name, status })
      expect(address?.configMap).toMatch(DNS_SUBDOMAIN)
      expect(address?.key).toMatch(CONFIG_MAP_KEY)
    }),
    { numRuns: 300 },
  )
})
