import { makeConfigMap } from '@opifer/core/testing'
import { createPublishedOperarios } from '@opifer/history'
import { eventually, provideRedis } from '@opifer/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { silent, stored } from '../testing/builders.ts'
import { givenCluster, NAMESPACE } from '../testing/cluster.ts'
import { givenQueue } from '../testing/queue.ts'
import { startPublisher } from './catalogue.ts'
import { watchOperarios } from './operarios.ts'

const labels = { app: 'openfero' }
const settings = { namespace: NAMESPACE, ttlSeconds: 300, labels }
const { data = {} } = makeConfigMap()
const GOOD = 'openfero-diskspacelow-firing'

test('each ConfigMap is told, with what is wrong with its Operarios', async () => {
  const { cluster, catalogue } = await given()
  const add = (name: string, of: Record<string, string>, more: object = {}) =>
    cluster.store.create('configmaps', stored('ConfigMap', name, { labels: { ...labels, ...more } }, { data: of }))
  add('openfero-broken-firing', { Broken: 'kind: Pod' })
  add('openfero-off-resolved', { Off: 'x' }, { 'openfero/job-disabled': 'true' })
  add('openfero-misnamed-firing', { Other: data['DiskSpaceLow'] ?? '' })
  await eventually(async () =>
    expect(await catalogue.list()).toEqual([
      entry('openfero-broken-firing', {
        key: 'Broken',
        problem: expect.stringContaining('apiVersion must be batch/v1'),
      }),
      entry(GOOD, { key: 'DiskSpaceLow', manifestHash: expect.stringMatching(/^[0-9a-f]{64}$/) }),
      entry('openfero-misnamed-firing', {
        key: 'Other',
        problem:
          'no alert leads here: an Operario for Other stands in a ConfigMap openfero-other-firing or openfero-other-resolved',
      }),
      { ...entry('openfero-off-resolved', { key: 'Off' }), disabled: true },
    ]),
  )
  cluster.store.remove('configmaps', NAMESPACE, 'openfero-broken-firing')
  await eventually(async () => expect(await catalogue.list()).toHaveLength(3))
})

test('a manifest can be had by its hash, though its Operario is gone', async () => {
  const { cluster, catalogue, operarios } = await given()
  await eventually(async () => expect(await catalogue.list()).toHaveLength(1))
  const found = operarios.read({ configMap: GOOD, key: 'DiskSpaceLow' })
  if (found?.kind !== 'found') throw new Error('no Operario')
  cluster.store.remove('configmaps', NAMESPACE, GOOD)
  await eventually(async () => expect(await catalogue.list()).toEqual([]))
  const { manifest, manifestHash } = found.operario
  expect(await catalogue.manifest(manifestHash)).toEqual({ manifest, settings })
})

test('a manifest is kept once, and once more when its Operario comes back', async () => {
  const { cluster, catalogue, kept, operarios } = await given()
  const found = operarios.read({ configMap: GOOD, key: 'DiskSpaceLow' })
  if (found?.kind !== 'found') throw new Error('no Operario')
  const { manifestHash } = found.operario
  const add = (name: string) =>
    cluster.store.create('configmaps', stored('ConfigMap', name, { labels }, { data: name === GOOD ? data : {} }))
  add('openfero-other-firing')
  await eventually(async () => expect(await catalogue.list()).toHaveLength(2))
  expect(kept).toEqual([manifestHash])
  cluster.store.remove('configmaps', NAMESPACE, GOOD)
  await eventually(async () => expect(await catalogue.list()).toHaveLength(1))
  add(GOOD)
  await eventually(async () => expect(await catalogue.list()).toHaveLength(2))
  expect(kept).toEqual([manifestHash, manifestHash])
})

async function given() {
  const provided = await provideRedis()
  onTestFinished(() => provided.stop())
  const { redis, prefix } = givenQueue(provided.url)
  const cluster = await givenCluster()
  cluster.store.create('configmaps', stored('ConfigMap', GOOD, { labels }, { data }))
  const source = { namespace: NAMESPACE, labelSelector: 'app=openfero' }
  const operarios = watchOperarios(cluster.api, source, { log: silent })
  onTestFinished(() => operarios.mirror.stop())
  const catalogue = createPublishedOperarios(redis, prefix, 3_600_000)
  const kept: string[] = []
  const recorded = {
    ...catalogue,
    async keepManifest(...[hash, manifest]: Parameters<typeof catalogue.keepManifest>) {
      kept.push(hash)
      await catalogue.keepManifest(hash, manifest)
    },
  }
  const publisher = startPublisher({ operarios, catalogue: recorded, settings, log: silent }, 1)
  onTestFinished(() => publisher.stop())
  operarios.tellOfChanges(publisher.changed)
  await operarios.mirror.ready
  publisher.changed()
  return { cluster, catalogue, kept, operarios }
}

function entry(name: string, ...operarios: object[]) {
  return { configMap: `${NAMESPACE}/${name}`, resourceVersion: expect.any(String), disabled: false, operarios }
}
