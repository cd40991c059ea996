import { LABEL } from '@opifer/core'
import { makeAlert, makeOperario, makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import type { KubeApi } from '../kubernetes/api.ts'
import type { Jobs } from '../kubernetes/jobs.ts'
import { LOCK, makeHistory, makeMarks, readableMetrics, RECEIVED_AT, silent, stored } from '../testing/builders.ts'
import { givenCluster, NAMESPACE, type TestCluster } from '../testing/cluster.ts'
import { stepsFor, type StepDeps } from './steps.ts'

/** A run whose first create was not answered, a while ago. */
const UNSURE = makeRun({ unansweredSince: RECEIVED_AT - 400_000 })

test('a Job that was found after a create without an answer is taken, though it is gone the moment after', async () => {
  const cluster = await givenCluster()
  const { metadata } = cluster.store.create('jobs', stored('Job', 'cleanup', { labels: { [LABEL.runId]: UNSURE.id } }))
  const creation = await create(cluster, {
    async list(...request) {
      const page = await cluster.api.list(...request)
      cluster.store.remove('jobs', NAMESPACE, 'cleanup')
      return page as never
    },
  })
  expect(creation).toMatchObject({ kind: 'adopted', job: { name: 'cleanup', uid: metadata.uid } })
  expect(creation).toHaveProperty('variables', expect.arrayContaining(['OPENFERO_SEVERITY']))
  expect(cluster.store.list('jobs')).toEqual([])
  expect(cluster.calls('create', 'jobs')).toBe(0)
})

test('after a create without an answer for a Job that may have come and gone there is no other', async () => {
  const cluster = await givenCluster()
  expect(await create(cluster)).toMatchObject({ kind: 'refused', outcome: 'lost' })
  expect(cluster.calls('create', 'jobs')).toBe(0)
})

function create(cluster: TestCluster, api: Partial<KubeApi> = {}) {
  const operario = makeOperario()
  const jobs = { of: () => undefined, adopt() {} } as object as Jobs
  const deps: StepDeps = {
    api: { ...cluster.api, ...api },
    creates: { run: (call) => call() },
    operarios: { resolve: () => ({ kind: 'found', operario }) },
    jobs,
    marks: makeMarks(),
    history: makeHistory(),
    metrics: readableMetrics().metrics,
    now: () => RECEIVED_AT,
  }
  const job = { namespace: NAMESPACE, ttlSeconds: 300, labels: {} }
  const hold = { lock: LOCK, confirm: async () => {}, save: async () => {} }
  const context = { ...hold, isFirst: false, wasAbandoned: false, lastError: undefined, log: silent }
  const steps = stepsFor(deps, { job, maxAge: 3_600_000, cooldown: 60_000 }, context)
  return steps.create({ run: UNSURE, alert: makeAlert(), operario, finishedJobs: 0 })
}
