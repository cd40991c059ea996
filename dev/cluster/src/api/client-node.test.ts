import { BatchV1Api, CoreV1Api, KubeConfig, PatchStrategy, setHeaderOptions, Watch } from '@kubernetes/client-node'
import { expect, it } from 'vitest'
import { startTestApi } from './testing.ts'

const namespace = 'default'

async function startWithClient() {
  const { cluster } = await startTestApi()
  const config = new KubeConfig()
  config.loadFromString(cluster.kubeconfig)
  return { cluster, config, core: config.makeApiClient(CoreV1Api), batch: config.makeApiClient(BatchV1Api) }
}

const job = {
  metadata: { name: 'a' },
  spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox' }] } } },
}

it('creates, reads, lists, patches and deletes', async () => {
  const { core, batch } = await startWithClient()
  await core.createNamespace({ body: { metadata: { name: 'other' } } })
  await core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name: 'a', labels: { app: 'openfero' } }, data: { key: 'value' } },
  })
  const { items } = await core.listNamespacedConfigMap({ namespace, labelSelector: 'app=openfero' })
  expect(items.map(({ data }) => data)).toEqual([{ key: 'value' }])

  const created = await batch.createNamespacedJob({ namespace, body: job })
  expect(created.spec?.backoffLimit).toBe(6)
  const patch = [{ op: 'replace', path: '/spec/suspend', value: true }]
  expect((await batch.patchNamespacedJob({ namespace, name: 'a', body: patch })).spec?.suspend).toBe(true)
  const merged = await batch.patchNamespacedJob(
    { namespace, name: 'a', body: { metadata: { labels: { on: 'yes' } } } },
    setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
  )
  expect(merged.metadata?.labels).toEqual({ on: 'yes' })
  await batch.deleteNamespacedJob({ namespace, name: 'a', propagationPolicy: 'Background' })
  expect((await batch.listNamespacedJob({ namespace })).items).toEqual([])
})

it('is told errors as Status', async () => {
  const { batch } = await startWithClient()
  await batch.createNamespacedJob({ namespace, body: job })
  await expect(batch.createNamespacedJob({ namespace, body: job })).rejects.toMatchObject({
    code: 409,
    body: expect.stringContaining('"reason":"AlreadyExists"'),
  })
  await expect(batch.readNamespacedJob({ namespace, name: 'none' })).rejects.toMatchObject({ code: 404 })
  const nameless = { ...job, metadata: {} }
  await expect(batch.createNamespacedJob({ namespace, body: nameless })).rejects.toMatchObject({ code: 422 })
})

it('watches', async () => {
  const { config, core } = await startWithClient()
  const events: string[] = []
  const ended = Promise.withResolvers<unknown>()
  const seen = Promise.withResolvers<void>()
  const controller = await new Watch(config).watch(
    '/api/v1/namespaces/default/configmaps',
    { allowWatchBookmarks: true },
    (phase: string, object: { metadata: { name: string } }) => {
      events.push(`${phase} ${object.metadata.name}`)
      if (phase === 'DELETED') seen.resolve()
    },
    ended.resolve,
  )
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'a' } } })
  await core.deleteNamespacedConfigMap({ namespace, name: 'a' })
  await seen.promise
  controller.abort()
  expect(await ended.promise).toMatchObject({ name: 'AbortError' })
  expect(events).toEqual(['ADDED a', 'DELETED a'])
})

it('reads logs', async () => {
  const { cluster, core } = await startWithClient()
  const body = { metadata: { name: 'a' }, spec: { containers: [{ name: 'main', image: 'busybox' }] } }
  const pod = await core.createNamespacedPod({ namespace, body })
  cluster.logs.append(pod.metadata?.uid ?? '', 'main', Buffer.from('one\ntwo\n'))
  expect(await core.readNamespacedPodLog({ namespace, name: 'a', tailLines: 1 })).toBe('two\n')
})
