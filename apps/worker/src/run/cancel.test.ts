import { expect, test } from 'vitest'
import { RetryError } from '../errors.ts'
import { makeMarks, stored } from '../testing/builders.ts'
import { startCluster, NAMESPACE } from '../testing/cluster.ts'
import { cancel } from './cancel.ts'

test('a Job that nobody wants to end is let be, at the cost of one look', async () => {
  const { cluster, job } = await given()
  expect(await cancel('run-1', job, { api: cluster.api, marks: makeMarks(), confirm: refuse })).toBeUndefined()
  expect(cluster.store.list('jobs')).toHaveLength(1)
})

test('a Job is deleted for whoever wants it to end', async () => {
  const { cluster, job, deps } = await given()
  expect(await cancel('run-1', job, deps)).toEqual({ outcome: 'cancelled', reason: 'cancelled by ada' })
  expect(cluster.store.list('jobs')).toEqual([])
  const entry = cluster.audit.entries().find(({ verb }) => verb === 'delete')
  expect(entry).toMatchObject({ resource: 'jobs', code: 200 })
})

test('a Job that is gone already is as good as deleted', async () => {
  const { cluster, job, deps } = await given()
  cluster.store.remove('jobs', NAMESPACE, job.name)
  expect(await cancel('run-1', job, deps)).toMatchObject({ outcome: 'cancelled' })
})

test('another Job that has got the name meanwhile stays', async () => {
  const { cluster, job, deps } = await given()
  expect(await cancel('run-1', { ...job, uid: 'of the first' }, deps)).toMatchObject({ outcome: 'cancelled' })
  expect(cluster.store.list('jobs')).toHaveLength(1)
})

test('a run that another worker has taken over is left to that one', async () => {
  const { cluster, job, deps } = await given()
  await expect(cancel('run-1', job, { ...deps, confirm: refuse })).rejects.toThrow('taken the run over')
  expect(cluster.store.list('jobs')).toHaveLength(1)
})

test('when the API server does not delete the Job, it is tried again', async () => {
  const { cluster, job, deps } = await given()
  cluster.faults.add({ verb: 'delete', fault: { type: 'status', code: 503 }, times: 1 })
  await expect(cancel('run-1', job, deps)).rejects.toThrow(RetryError)
  await expect(cancel('run-1', job, deps)).resolves.toMatchObject({ outcome: 'cancelled' })
})

function refuse(): Promise<never> {
  return Promise.reject(new RetryError('another worker has taken the run over'))
}

async function given() {
  const cluster = await startCluster()
  const spec = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } } }
  const { metadata } = cluster.store.create('jobs', stored('Job', 'cleanup', {}, { spec }))
  const marks = makeMarks({ cancelledBy: async (runId) => (runId === 'run-1' ? 'ada' : undefined) })
  const job = { namespace: NAMESPACE, name: 'cleanup', uid: metadata.uid, createdAt: 0 }
  return { cluster, job, deps: { api: cluster.api, marks, confirm: async () => {} } }
}
