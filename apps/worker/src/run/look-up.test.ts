import { LABEL } from '@opifer/core'
import { expect, test } from 'vitest'
import { RetryError } from '../errors.ts'
import type { JobRef } from '@opifer/core'
import { makeJobRef, RECEIVED_AT, stored } from '../testing/builders.ts'
import { startCluster, NAMESPACE, type TestCluster } from '../testing/cluster.ts'
import { findJob } from './find.ts'

test('a run without a Job has none', async () => {
  const cluster = await startCluster()
  givenJob(cluster, 'other', 'another-run')
  expect(await find(cluster)).toEqual({ kind: 'none' })
})

test('a Job that the API server has is found, though the watch has not shown it', async () => {
  const cluster = await startCluster()
  const { metadata } = givenJob(cluster, 'a', 'run-a')
  const job = makeJobRef({ name: 'a', uid: metadata.uid, adopted: true })
  expect(await find(cluster)).toEqual({ kind: 'found', job })
})

test('a Job that the watch has shown is found without asking, though it is gone', async () => {
  const cluster = await startCluster()
  const shown = makeJobRef()
  expect(await find(cluster, { shown })).toEqual({ kind: 'found', job: makeJobRef({ adopted: true }) })
  expect(cluster.calls('list', 'jobs')).toBe(0)
})

test('an API server that does not tell makes the run try again', async () => {
  const cluster = await startCluster()
  cluster.faults.add({ verb: 'list', fault: { type: 'status', code: 503, retryAfterSeconds: 3 } })
  const error = await find(cluster).catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(RetryError)
  expect(error).toMatchObject({ message: expect.stringContaining('run-a'), retryAfterMs: 3_000 })
})

test.each([
  { unsureSince: RECEIVED_AT - 300_000, want: 'unseen' },
  { unsureSince: RECEIVED_AT - 290_000, want: 'unseen' },
  { unsureSince: RECEIVED_AT - 289_999, want: 'none' },
  { unsureSince: RECEIVED_AT + 10_000, want: 'none' },
  { unsureSince: RECEIVED_AT + 10_001, want: 'unseen' },
  { unsureSince: undefined, want: 'none' },
])(
  'a Job that may have been made at $unsureSince is $want, by whether it could be deleted by now or the clocks differ',
  async (request) => {
    const { want, unsureSince } = request
    const cluster = await startCluster()
    expect(await find(cluster, { unsureSince })).toMatchObject({ kind: want })
    givenJob(cluster, 'a', 'run-a')
    expect(await find(cluster, { unsureSince })).toMatchObject({ kind: 'found' })
  },
)

interface Given {
  shown?: JobRef
  unsureSince?: number | undefined
}

function find({ api }: TestCluster, { shown, unsureSince }: Given = {}) {
  const deps = { api, jobs: { of: () => shown }, namespace: NAMESPACE, now: () => RECEIVED_AT }
  return findJob({ runId: 'run-a', unsureSince, ttlSeconds: 300 }, deps)
}

function givenJob({ store }: TestCluster, name: string, runId: string) {
  return store.create('jobs', stored('Job', name, { labels: { [LABEL.runId]: runId } }))
}
