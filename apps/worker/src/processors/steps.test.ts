import { LABEL, type Run } from '@opifer/core'
import { makeAlert, makeOperario, makeRun } from '@opifer/core/testing'
import type { Logger } from '@opifer/platform'
import { expect, test } from 'vitest'
import { createKubeApi, type KubeApi } from '../kubernetes/api.ts'
import type { Jobs } from '../kubernetes/jobs.ts'
import {
  LOCK,
  makeHistory,
  makeJob,
  makeMarks,
  readableMetrics,
  RECEIVED_AT,
  silent,
  stored,
} from '../testing/builders.ts'
import { givenCluster, givenTransport, makeKubeConfig, NAMESPACE } from '../testing/cluster.ts'
import { givenServer } from '../testing/server.ts'
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

test('what the API server has against a Job is logged when it is made, not again when another turn finds it', async () => {
  const run = makeRun()
  const warning = 'would violate PodSecurity "restricted:latest": runAsNonRoot != true'
  const server = await givenServer(({ method }, response) => {
    const isTaken = server.requests.filter((request) => request.startsWith('POST')).length > 1
    const job = makeJob({ name: 'cleanup', labels: { [LABEL.runId]: run.id } })
    response.setHeader('warning', `299 - ${JSON.stringify(warning)}`)
    if (method === 'GET') response.end(JSON.stringify(job))
    else if (isTaken) response.writeHead(409).end(JSON.stringify({ kind: 'Status', reason: 'AlreadyExists' }))
    else response.writeHead(201).end(JSON.stringify(job))
  })
  const api = createKubeApi(givenTransport(makeKubeConfig(server.url)))
  const warned: unknown[] = []
  const warn = (fields: object, msg: string) => void warned.push({ ...fields, msg })
  const log = { info() {}, warn } as object as Logger
  expect(await create({ api }, {}, { run, log })).toMatchObject({ kind: 'created' })
  expect(await create({ api }, {}, { run, log })).toMatchObject({ kind: 'adopted' })
  expect(warned).toEqual([{ job: 'cleanup', warning, msg: 'the API server warns of a Job' }])
})

function create(
  cluster: { api: KubeApi },
  api: Partial<KubeApi> = {},
  { run, log }: { run: Run; log: Logger } = { run: UNSURE, log: silent },
) {
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
  const context = { ...hold, isFirst: false, wasAbandoned: false, lastError: undefined, log }
  const steps = stepsFor(deps, { job, maxAge: 3_600_000, cooldown: 60_000 }, context)
  return steps.create({ run, alert: makeAlert(), operario, finishedJobs: 0 })
}
