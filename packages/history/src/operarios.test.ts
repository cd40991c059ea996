import { makeOperario } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { createPublishedOperarios } from './operarios.ts'
import { HOUR, PREFIX, startTestRedis } from './testing/helpers.ts'

const db = startTestRedis()

const entry = (name: string) => ({
  configMap: `openfero/${name}`,
  resourceVersion: '1',
  disabled: false,
  operarios: [
    { key: 'A', manifestHash: 'h' },
    { key: 'B', problem: 'is no Job' },
  ],
})

test('published Operarios replace those published before, and are listed by name', async () => {
  const operarios = createPublishedOperarios(db.redis, PREFIX, HOUR)
  expect(await operarios.list()).toEqual([])
  await operarios.replaceAll([entry('b'), entry('a'), entry('c')])
  expect(await operarios.list()).toEqual([entry('a'), entry('b'), entry('c')])
  await operarios.replaceAll([entry('b')])
  expect(await operarios.list()).toEqual([entry('b')])
  await operarios.replaceAll([])
  expect(await operarios.list()).toEqual([])
})

test('a manifest outlives its Operario, and expires', async () => {
  const operarios = createPublishedOperarios(db.redis, PREFIX, HOUR)
  const { manifest, manifestHash } = makeOperario()
  const stored = { manifest, settings: { namespace: 'jobs', ttlSeconds: 300, labels: { app: 'openfero' } } }
  await operarios.keepManifest(manifestHash, stored)
  await operarios.replaceAll([])
  expect(await operarios.manifest(manifestHash)).toEqual(stored)
  expect(await operarios.manifest('other')).toBeUndefined()
  for (const key of await db.redis.keys('*')) expect(await db.redis.pttl(key)).toBeGreaterThan(0)
})
