import { type JobRef, LABEL } from '@opifer/core'
import { makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { RetryError } from '../errors.ts'
import { makeJobRef, RECEIVED_AT, stored } from '../testing/builders.ts'
import { startCluster, type TestCluster } from '../testing/cluster.ts'
import { makeAttempt, makeContext, makeJobs } from '../testing/context.ts'
import { lookUpJob } from './look-up.ts'

test('a run without a Job has none', async () => {
  const cluster = await startCluster()
  createJob(cluster, 'other', 'another-run')
  expect(await lookUp(cluster)).toEqual({ kind: 'none' })
})

test('a Job that only the API server knows is found', async () => {
  const cluster = await startCluster()
  const { metadata } = createJob(cluster, 'a', 'run-a')
  const createdAt = Date.parse(metadata.creationTimestamp)
  const job = makeJobRef({ name: 'a', uid: metadata.uid, createdAt, adopted: true })
  expect(await lookUp(cluster)).toEqual({ kind: 'found', job })
})

test('a Job that the informer saw is found without a call, even after its deletion', async () => {
  const cluster = await startCluster()
  const known = makeJobRef()
  expect(await lookUp(cluster, { known })).toEqual({ kind: 'found', job: makeJobRef({ adopted: true }) })
  expect(cluster.calls('list', 'jobs')).toBe(0)
})

test('an API server that answers with an error makes the run retry', async () => {
  const cluster = await startCluster()
  cluster.faults.add({ verb: 'list', fault: { type: 'status', code: 503, retryAfterSeconds: 3 } })
  const error = await lookUp(cluster).catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(RetryError)
  expect(error).toMatchObject({ message: expect.stringContaining('run-a'), retryAfterMs: 3_000 })
})

test.each([
  { inDoubtSince: RECEIVED_AT - 300_000, want: 'rejected' },
  { inDoubtSince: RECEIVED_AT - 290_000, want: 'rejected' },
  { inDoubtSince: RECEIVED_AT - 289_999, want: 'none' },
  { inDoubtSince: RECEIVED_AT + 10_000, want: 'none' },
  { inDoubtSince: RECEIVED_AT + 10_001, want: 'rejected' },
  { inDoubtSince: undefined, want: 'none' },
])('a create in doubt since $inDoubtSince is $want: its Job may have expired, or the clocks differ', async (about) => {
  const { want, inDoubtSince } = about
  const cluster = await startCluster()
  expect(await lookUp(cluster, { inDoubtSince })).toMatchObject({ kind: want })
  createJob(cluster, 'a', 'run-a')
  expect(await lookUp(cluster, { inDoubtSince })).toMatchObject({ kind: 'found' })
})

test('a Job that may have expired unseen makes the run lost', async () => {
  const cluster = await startCluster()
  expect(await lookUp(cluster, { inDoubtSince: 0 })).toEqual({
    kind: 'rejected',
    outcome: 'lost',
    reason: 'the create was never confirmed; the Job may have run and been deleted',
  })
})

interface Known {
  known?: JobRef
  inDoubtSince?: number | undefined
}

function lookUp(cluster: TestCluster, { known, inDoubtSince }: Known = {}) {
  const context = makeContext(cluster, { jobs: makeJobs({ ofRun: known }) })
  return lookUpJob(
    makeRun({ id: 'run-a' }),
    makeAttempt({ inDoubt: inDoubtSince === undefined ? undefined : { since: inDoubtSince, job: 0 } }),
    context,
  )
}

function createJob({ store }: TestCluster, name: string, runId: string) {
  return store.create('jobs', stored('Job', name, { labels: { [LABEL.runId]: runId } }))
}
