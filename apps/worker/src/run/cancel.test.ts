import { makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { RetryError } from '../errors.ts'
import { stored } from '../testing/builders.ts'
import { NAMESPACE, startCluster } from '../testing/cluster.ts'
import { cancel } from './cancel.ts'

test('a Job that no operator cancelled stays, at the cost of one read', async () => {
  const { cluster, run } = await start()
  const flags = { cancelledBy: async () => undefined }
  expect(await cancel(run, { api: cluster.api, flags })).toBeUndefined()
  expect(cluster.store.list('jobs')).toHaveLength(1)
})

test('cancelling deletes the Job and names the operator', async () => {
  const { cluster, run, context } = await start()
  expect(await cancel(run, context)).toEqual({ kind: 'rejected', outcome: 'cancelled', reason: 'cancelled by ada' })
  expect(cluster.store.list('jobs')).toEqual([])
  const entry = cluster.audit.entries().find(({ verb }) => verb === 'delete')
  expect(entry).toMatchObject({ resource: 'jobs', code: 200 })
})

test('a Job that is already deleted counts as cancelled', async () => {
  const { cluster, run, context } = await start()
  cluster.store.remove('jobs', NAMESPACE, run.job.name)
  expect(await cancel(run, context)).toMatchObject({ outcome: 'cancelled' })
})

test('another Job with the same name is not deleted', async () => {
  const { cluster, run, context } = await start()
  const first = { ...run, job: { ...run.job, uid: 'of the first' } }
  expect(await cancel(first, context)).toMatchObject({ outcome: 'cancelled' })
  expect(cluster.store.list('jobs')).toHaveLength(1)
})

test('a delete that the API server refuses is retried', async () => {
  const { cluster, run, context } = await start()
  cluster.faults.add({ verb: 'delete', fault: { type: 'status', code: 503 }, times: 1 })
  await expect(cancel(run, context)).rejects.toThrow(RetryError)
  await expect(cancel(run, context)).resolves.toMatchObject({ outcome: 'cancelled' })
})

async function start() {
  const cluster = await startCluster()
  const spec = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } } }
  const { metadata } = cluster.store.create('jobs', stored('Job', 'cleanup', {}, { spec }))
  const job = { namespace: NAMESPACE, name: 'cleanup', uid: metadata.uid, createdAt: 0 }
  const run = { ...makeRun({ id: 'run-1' }), job }
  const flags = { cancelledBy: async (runId: string) => (runId === 'run-1' ? 'ada' : undefined) }
  return { cluster, run, context: { api: cluster.api, flags } }
}
