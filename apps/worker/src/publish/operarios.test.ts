import { makeConfigMap } from '@opifer/core/testing'
import { createPublishedOperarios } from '@opifer/history'
import { PATIENCE, provideRedis } from '@opifer/testkit'
import { expect, onTestFinished, test, vi } from 'vitest'
import { watchOperarios } from '../kubernetes/informers/operarios.ts'
import { silent, stored } from '../testing/builders.ts'
import { NAMESPACE, startCluster } from '../testing/cluster.ts'
import { openTestQueue } from '../testing/queue.ts'
import { publishOperarios } from './operarios.ts'

const labels = { app: 'openfero' }
const settings = { namespace: NAMESPACE, ttlSeconds: 300, labels }
const { data = {} } = makeConfigMap()
const GOOD = 'openfero-diskspacelow-firing'

test('every ConfigMap is published with the errors of its Operarios', async () => {
  const { cluster, published } = await startPublishing()
  const add = (name: string, of: Record<string, string>, more: object = {}) =>
    cluster.store.create('configmaps', stored('ConfigMap', name, { labels: { ...labels, ...more } }, { data: of }))
  add('openfero-broken-firing', { Broken: 'kind: Pod' })
  add('openfero-off-resolved', { Off: 'x' }, { 'openfero/job-disabled': 'true' })
  add('openfero-misnamed-firing', { Other: data['DiskSpaceLow'] ?? '' })
  await vi.waitFor(
    async () =>
      expect(await published.list()).toEqual([
        entry('openfero-broken-firing', {
          key: 'Broken',
          problem: expect.stringContaining('apiVersion must be batch/v1'),
        }),
        entry(GOOD, { key: 'DiskSpaceLow', manifestHash: expect.stringMatching(/^[0-9a-f]{64}$/) }),
        entry('openfero-misnamed-firing', {
          key: 'Other',
          problem:
            'matches no alert: the Operario for Other must be in ConfigMap openfero-other-firing or openfero-other-resolved',
        }),
        { ...entry('openfero-off-resolved', { key: 'Off' }), disabled: true },
      ]),
    PATIENCE,
  )
  cluster.store.remove('configmaps', NAMESPACE, 'openfero-broken-firing')
  await expect.poll(() => published.list()).toHaveLength(3)
})

test('a manifest is available by its hash after its Operario was deleted', async () => {
  const { cluster, published, operarios } = await startPublishing()
  await expect.poll(() => published.list()).toHaveLength(1)
  const found = operarios.read({ configMap: GOOD, key: 'DiskSpaceLow' })
  if (found?.kind !== 'found') throw new Error('no Operario')
  cluster.store.remove('configmaps', NAMESPACE, GOOD)
  await expect.poll(() => published.list()).toEqual([])
  const { manifest, manifestHash } = found.operario
  expect(await published.manifest(manifestHash)).toEqual({ manifest, settings })
})

test('a manifest is written once, and again when its Operario returns', async () => {
  const { cluster, published, written, operarios } = await startPublishing()
  const found = operarios.read({ configMap: GOOD, key: 'DiskSpaceLow' })
  if (found?.kind !== 'found') throw new Error('no Operario')
  const { manifestHash } = found.operario
  const add = (name: string) =>
    cluster.store.create('configmaps', stored('ConfigMap', name, { labels }, { data: name === GOOD ? data : {} }))
  add('openfero-other-firing')
  await expect.poll(() => published.list()).toHaveLength(2)
  expect(written).toEqual([manifestHash])
  cluster.store.remove('configmaps', NAMESPACE, GOOD)
  await expect.poll(() => published.list()).toHaveLength(1)
  add(GOOD)
  await expect.poll(() => published.list()).toHaveLength(2)
  expect(written).toEqual([manifestHash, manifestHash])
})

async function startPublishing() {
  const provided = await provideRedis()
  onTestFinished(() => provided.stop())
  const { redis, prefix } = openTestQueue(provided.url)
  const cluster = await startCluster()
  cluster.store.create('configmaps', stored('ConfigMap', GOOD, { labels }, { data }))
  const source = { namespace: NAMESPACE, labelSelector: 'app=openfero' }
  const operarios = watchOperarios(cluster.api, source, { log: silent })
  onTestFinished(() => operarios.informer.stop())
  const published = createPublishedOperarios(redis, prefix, 3_600_000)
  const written: string[] = []
  const recorded = {
    ...published,
    async keepManifest(...[hash, manifest]: Parameters<typeof published.keepManifest>) {
      written.push(hash)
      await published.keepManifest(hash, manifest)
    },
  }
  const publisher = publishOperarios({ operarios, published: recorded, settings, log: silent }, 1)
  onTestFinished(() => publisher.stop())
  await operarios.informer.ready
  return { cluster, published, written, operarios }
}

function entry(name: string, ...operarios: object[]) {
  return { configMap: `${NAMESPACE}/${name}`, resourceVersion: expect.any(String), disabled: false, operarios }
}
