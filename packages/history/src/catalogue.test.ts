import { makeOperario } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { createCatalogue } from './catalogue.ts'
import { givenRedis, HOUR, PREFIX } from './testing/given.ts'

const given = givenRedis()

const entry = (name: string) => ({
  configMap: `openfero/${name}`,
  resourceVersion: '1',
  disabled: false,
  operarios: [
    { key: 'A', manifestHash: 'h' },
    { key: 'B', problem: 'is no Job' },
  ],
})

test('the catalogue is what was told last, in order', async () => {
  const catalogue = createCatalogue(given.redis, PREFIX, HOUR)
  expect(await catalogue.list()).toEqual([])
  await catalogue.replaceAll([entry('b'), entry('a'), entry('c')])
  expect(await catalogue.list()).toEqual([entry('a'), entry('b'), entry('c')])
  await catalogue.replaceAll([entry('b')])
  expect(await catalogue.list()).toEqual([entry('b')])
  await catalogue.replaceAll([])
  expect(await catalogue.list()).toEqual([])
})

test('a manifest stays for the runs that were made of it', async () => {
  const catalogue = createCatalogue(given.redis, PREFIX, HOUR)
  const { manifest, manifestHash } = makeOperario()
  const stored = { manifest, settings: { namespace: 'jobs', ttlSeconds: 300, labels: { app: 'openfero' } } }
  await catalogue.keepManifest(manifestHash, stored)
  await catalogue.replaceAll([])
  expect(await catalogue.manifest(manifestHash)).toEqual(stored)
  expect(await catalogue.manifest('other')).toBeUndefined()
  for (const key of await given.redis.keys('*')) expect(await given.redis.pttl(key)).toBeGreaterThan(0)
})
