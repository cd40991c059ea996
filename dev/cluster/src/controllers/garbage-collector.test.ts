import { expect, it } from 'vitest'
import { runs, startTestCluster } from './testing.ts'

it('leaves pods alone that no longer belong to the deleted Job', async () => {
  const cluster = startTestCluster()
  cluster.createJob('parent', { parallelism: 2, completions: 2, template: runs('exec sleep 60') })
  await cluster.until(() => cluster.pods('parent').filter(({ status }) => status?.phase === 'Running').length === 2)
  const [kept, collected] = cluster.pods('parent').map(({ metadata }) => metadata.name)
  cluster.store.mutate('pods', 'default', kept ?? '', ({ metadata }) => delete metadata.ownerReferences)
  cluster.store.remove('jobs', 'default', 'parent')
  await cluster.until(() => cluster.store.get('pods', 'default', collected ?? '') === undefined)
  expect(cluster.pods('parent')).toMatchObject([{ metadata: { name: kept }, status: { phase: 'Running' } }])
})
