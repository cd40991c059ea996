import type { Resolution } from '@opifer/core'
import { makeAlert, makeConfigMap } from '@opifer/core/testing'
import { expect, onTestFinished, test } from 'vitest'
import { silent, stored } from '../../testing/builders.ts'
import { NAMESPACE, startCluster } from '../../testing/cluster.ts'
import { watchOperarios } from './operarios.ts'

const NAME = 'openfero-diskspacelow-firing'
const labels = { app: 'openfero' }
const { data = {} } = makeConfigMap()

test('resolve makes no API call and parses a manifest once per version of its ConfigMap', async () => {
  const { cluster, operarios } = await startOperarios()
  const requests = cluster.audit.entries().length
  const first = found(operarios.resolve(makeAlert()))
  for (let count = 0; count < 100; count++) expect(found(operarios.resolve(makeAlert()))).toBe(first)
  expect(cluster.audit.entries()).toHaveLength(requests)
  expect(first).toMatchObject({ configMap: `${NAMESPACE}/${NAME}`, key: 'DiskSpaceLow' })

  cluster.store.mutate('configmaps', NAMESPACE, NAME, (draft) => void (draft.metadata.annotations = { a: 'b' }))
  await expect.poll(() => found(operarios.resolve(makeAlert()))).not.toBe(first)
})

test('a relist of unchanged ConfigMaps does not parse their manifests again', async () => {
  const { cluster, operarios } = await startOperarios()
  const first = found(operarios.resolve(makeAlert()))
  cluster.faults.cutWatches()
  cluster.store.create('configmaps', stored('ConfigMap', 'openfero-other-firing', { labels }, { data: { Other: 'x' } }))
  cluster.faults.expireHistory()
  await expect.poll(() => operarios.resolve(makeAlert({ alertname: 'Other' })).kind).toBe('invalid')
  expect(cluster.calls('list', 'configmaps')).toBe(2)
  expect(found(operarios.resolve(makeAlert()))).toBe(first)
})

test.each<{ what: string; change: (store: Awaited<ReturnType<typeof startCluster>>['store']) => void; want: object }>([
  {
    what: 'deleted',
    change: (store) => store.remove('configmaps', NAMESPACE, NAME),
    want: { kind: 'unmatched', reason: `no ConfigMap ${NAMESPACE}/${NAME} with labels app=openfero` },
  },
  {
    what: 'unlabeled',
    change: (store) => store.mutate('configmaps', NAMESPACE, NAME, (draft) => void (draft.metadata.labels = {})),
    want: { kind: 'unmatched' },
  },
  {
    what: 'disabled',
    change: (store) =>
      store.mutate('configmaps', NAMESPACE, NAME, ({ metadata }) => {
        metadata.labels = { ...labels, 'openfero/job-disabled': 'true' }
      }),
    want: { kind: 'disabled' },
  },
  {
    what: 'broken',
    change: (store) =>
      store.mutate('configmaps', NAMESPACE, NAME, (draft) => void (draft['data'] = { DiskSpaceLow: '{' })),
    want: { kind: 'invalid' },
  },
])('resolve returns $want.kind once the Operario is $what', async ({ change, want }) => {
  const { cluster, operarios } = await startOperarios()
  expect(operarios.resolve(makeAlert()).kind).toBe('found')
  change(cluster.store)
  await expect.poll(() => operarios.resolve(makeAlert())).toMatchObject(want)
})

test('alerts without an Operario are unmatched, whatever their name', async () => {
  const { operarios } = await startOperarios()
  expect(operarios.resolve(makeAlert({ alertname: 'NodeClockSkew' }))).toEqual({
    kind: 'unmatched',
    reason: `no ConfigMap ${NAMESPACE}/openfero-nodeclockskew-firing with labels app=openfero`,
  })
  expect(operarios.resolve(makeAlert({ status: 'resolved' })).kind).toBe('unmatched')
  for (const alertname of ['x'.repeat(300), '__proto__', '../../etc', '']) {
    expect(operarios.resolve(makeAlert({ alertname })).kind).toBe('unmatched')
  }
})

async function startOperarios() {
  const cluster = await startCluster()
  cluster.store.create('configmaps', stored('ConfigMap', NAME, { labels }, { data }))
  const source = { namespace: NAMESPACE, labelSelector: 'app=openfero' }
  const operarios = watchOperarios(cluster.api, source, { log: silent })
  onTestFinished(() => operarios.informer.stop())
  await operarios.informer.ready
  return { cluster, operarios }
}

function found(resolution: Resolution) {
  if (resolution.kind !== 'found') throw new Error(resolution.reason)
  return resolution.operario
}
