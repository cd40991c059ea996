import { LABEL } from '@opifer/core'
import { makeAlert, makeOperario, makeRun } from '@opifer/core/testing'
import type { Logger } from '@opifer/platform/telemetry'
import { describe, expect, test } from 'vitest'
import { createKubeApi, type KubeApi } from '../kubernetes/client/api.ts'
import type { Jobs } from '../kubernetes/informers/jobs.ts'
import {
  makeHistory,
  makeHold,
  makeJob,
  makeMarks,
  readableMetrics,
  RECEIVED_AT,
  silent,
  stored,
} from '../testing/builders.ts'
import { startCluster, makeTransport, makeKubeConfig, NAMESPACE } from '../testing/cluster.ts'
import { startServer } from '../testing/server.ts'
import { type StepDeps, stepsFor, type TurnContext } from './steps.ts'

test('a Job that was found after a create without an answer is taken, though it is gone the moment after', async () => {
  const cluster = await startCluster()
  const { metadata } = cluster.store.create(
    'jobs',
    stored('Job', 'cleanup', { labels: { [LABEL.runId]: makeRun().id } }),
  )
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
  const cluster = await startCluster()
  expect(await create(cluster)).toMatchObject({ kind: 'refused', outcome: 'lost' })
  expect(cluster.calls('create', 'jobs')).toBe(0)
})

describe('that a create was sent', () => {
  test('is on record before, and stays there when no answer comes', async () => {
    const cluster = await startCluster()
    const log: string[] = []
    const api = { createJob: () => Promise.reject(new Error(`cut, after: ${log.join()}`)) }
    await expect(create(cluster, api, noting(log))).rejects.toThrow('cut, after: expected')
    expect(log).toEqual(['expected'])
  })

  test.each([
    { what: 'the answer is no', fault: { type: 'status', code: 503 } as const, want: ['expected', 'answered'] },
    { what: 'it is there', fault: undefined, want: ['expected'] },
  ])('is taken back only when $what: $want', async ({ fault, want }) => {
    const cluster = await startCluster()
    if (fault) cluster.faults.add({ verb: 'create', fault })
    const log: string[] = []
    await create(cluster, {}, noting(log)).catch(() => {})
    expect(log).toEqual(want)
  })

  test('nobody asks about in the first turn of a run', async () => {
    const cluster = await startCluster()
    const first = { isFirst: true, unansweredSince: () => Promise.reject(new Error('it was asked')) }
    expect(await create(cluster, {}, first)).toMatchObject({ kind: 'created' })
  })
})

test('what the API server has against a Job is logged when it is made, not again when another turn finds it', async () => {
  const warning = 'would violate PodSecurity "restricted:latest": runAsNonRoot != true'
  const server = await startServer(({ method }, response) => {
    const isTaken = server.requests.filter((request) => request.startsWith('POST')).length > 1
    const job = makeJob({ name: 'cleanup', labels: { [LABEL.runId]: makeRun().id } })
    response.setHeader('warning', `299 - ${JSON.stringify(warning)}`)
    if (method === 'GET') response.end(JSON.stringify(job))
    else if (isTaken) response.writeHead(409).end(JSON.stringify({ kind: 'Status', reason: 'AlreadyExists' }))
    else response.writeHead(201).end(JSON.stringify(job))
  })
  const api = createKubeApi(makeTransport(makeKubeConfig(server.url)))
  const warned: unknown[] = []
  const warn = (fields: object, msg: string) => void warned.push({ ...fields, msg })
  const log = { info() {}, warn } as object as Logger
  expect(await create({ api }, {}, { isFirst: true, log })).toMatchObject({ kind: 'created' })
  const again = { unansweredSince: async () => undefined, log }
  expect(await create({ api }, {}, again)).toMatchObject({ kind: 'adopted' })
  expect(warned).toEqual([{ job: 'cleanup', warning, msg: 'the API server warns of a Job' }])
})

/** A turn up to its Job; by default a second one, the first having sent a create that was not answered, a while ago. */
async function create(cluster: { api: KubeApi }, api: Partial<KubeApi> = {}, overrides: Partial<TurnContext> = {}) {
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
  const hold = makeHold({ unansweredSince: async () => RECEIVED_AT - 400_000 })
  const context = { ...hold, isFirst: false, lastError: undefined, log: silent, ...overrides }
  const steps = stepsFor(deps, { job, maxAge: 3_600_000, cooldown: 60_000, lockDuration: 30_000 }, context)
  const run = makeRun()
  expect(await steps.admit(run)).toMatchObject({ kind: 'admitted' })
  return steps.create({ run, alert: makeAlert(), operario, finishedJobs: 0 })
}

function noting(log: string[]): Partial<TurnContext> {
  return {
    unansweredSince: async () => undefined,
    expectAnswer: async () => void log.push('expected'),
    answered: async () => void log.push('answered'),
  }
}
