import { randomUUID } from 'node:crypto'
import { alertId, LABEL, type Operario, type Resolution, type Run } from '@opifer/core'
import { makeAlert, makeOperario } from '@opifer/core/testing'
import { createHistoryEncoder } from '@opifer/history'
import { createRunFlags, createTransitions, leaseOf } from '@opifer/queue'
import { provideRedis, type ProvidedRedis } from '@opifer/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COMPLETE, FAILED, makeJobRef, stored } from '../testing/builders.ts'
import { NAMESPACE, startCluster } from '../testing/cluster.ts'
import { type KnownJobs, makeContext, makeJobs } from '../testing/context.ts'
import { openTestQueue } from '../testing/queue.ts'
import type { RunContext } from './context.ts'
import { reconcile } from './reconcile.ts'

const TOKEN = 'this-worker'
const HOUR = 3_600_000

let redis: ProvidedRedis

beforeAll(async () => {
  redis = await provideRedis()
})
afterAll(() => redis.stop())

describe('a run without a Job', () => {
  test('creates it and waits', async () => {
    const { attempt, cluster, run } = await start()
    const progress = await attempt()
    const [job] = cluster.store.list('jobs')
    const { configMap, key, resourceVersion, manifestHash } = makeOperario()
    expect(progress).toMatchObject({
      kind: 'waiting',
      run: { ...run, operario: { configMap, key, resourceVersion, manifestHash }, job: { uid: job?.metadata.uid } },
    })
  })

  test('keeps the cooldown of its Operario', async () => {
    const { attempt } = await start({ resolution: found(makeOperario({ cooldownMs: 5_000 })) })
    expect(await attempt()).toMatchObject({ run: { operario: { cooldownMs: 5_000 } } })
  })

  test.each<{ what: string; start: Start; outcome: string }>([
    {
      what: 'whose alert is invalid',
      start: { run: { alert: { invalid: 'wrong', status: 'firing', fingerprint: 'f', excerpt: '' } } },
      outcome: 'invalid',
    },
    { what: 'without an Operario', start: { resolution: { kind: 'unmatched', reason: 'none' } }, outcome: 'unmatched' },
    {
      what: 'with a disabled Operario',
      start: { resolution: { kind: 'disabled', reason: 'so' } },
      outcome: 'disabled',
    },
    { what: 'older than --maxAge', start: { run: { receivedAt: Date.now() - 2 * HOUR } }, outcome: 'expired' },
  ])('$what ends $outcome and creates nothing', async ({ start: options, outcome }) => {
    const { attempt, cluster } = await start(options)
    expect(await attempt()).toMatchObject({ kind: 'ended', result: { outcome } })
    expect(cluster.store.list('jobs')).toEqual([])
  })

  test('whose alert resolved meanwhile ends superseded', async () => {
    const { attempt, run, flags, cluster } = await start()
    const mark = { endedAt: Date.now(), receivedAt: Date.now() }
    await flags.markResolved([{ alertId: alertId(run, run.alert), mark }], HOUR)
    expect(await attempt()).toMatchObject({ kind: 'ended', result: { outcome: 'superseded' } })
    expect(cluster.store.list('jobs')).toEqual([])
  })

  test('that an operator cancelled ends cancelled', async () => {
    const { attempt, run, flags } = await start()
    await flags.requestCancel(run.id, 'ada')
    expect(await attempt()).toMatchObject({ result: { outcome: 'cancelled', reason: 'cancelled by ada' } })
  })

  test('whose manifest the API server rejects ends invalid', async () => {
    const { manifest } = makeOperario()
    const template = {
      spec: { ...manifest.spec.template.spec, containers: [{ name: 'Not_A_Name', image: 'busybox' }] },
    }
    const operario = makeOperario({ manifest: { ...manifest, spec: { template } } })
    const { attempt } = await start({ resolution: found(operario) })
    expect(await attempt()).toMatchObject({ kind: 'ended', result: { outcome: 'invalid' } })
  })

  test('that would end, but whose earlier attempt created a Job, waits for that Job', async () => {
    const job = makeJobRef()
    const resolution: Resolution = { kind: 'unmatched', reason: 'none' }
    const { attempt, run } = await start({ resolution, isFirst: false, jobs: { ofRun: job } })
    expect(await attempt()).toEqual({ kind: 'waiting', run: { ...run, job: { ...job, adopted: true } } })
  })

  test('that would end, but whose create was never confirmed, ends lost', async () => {
    const {
      attempt,
      redis: client,
      lease,
    } = await start({
      resolution: { kind: 'unmatched', reason: 'none' },
      isFirst: false,
    })
    await client.hset(lease.runKey, 'inDoubtSince', Date.now() - 2 * HOUR)
    expect(await attempt()).toMatchObject({ kind: 'ended', result: { outcome: 'lost' } })
  })

  test('looks for a Job of an earlier attempt only if there was one', async () => {
    const { attempt, cluster } = await start({ resolution: { kind: 'unmatched', reason: 'none' } })
    await attempt()
    expect(cluster.calls('list', 'jobs')).toBe(0)
  })
})

describe('a run with a Job', () => {
  test('that still runs goes on waiting, unchanged', async () => {
    const { attempt, run } = await start({ job: true, jobs: { observed: { state: 'running' } } })
    const progress = await attempt()
    expect(progress.kind === 'waiting' && progress.run).toBe(run)
  })

  test.each([
    { condition: COMPLETE, outcome: 'succeeded', reason: 'the Job completed' },
    { condition: FAILED, outcome: 'failed', reason: 'BackoffLimitExceeded: too often' },
  ])('that ended $condition.type is $outcome and recorded', async ({ condition, outcome, reason }) => {
    const { attempt, stored: saved } = await start({ job: condition })
    const progress = await attempt()
    expect(progress).toMatchObject({ kind: 'ended', result: { outcome, reason } })
    expect(await saved()).toMatchObject({ result: { outcome, reason } })
  })

  test('that was deleted is lost', async () => {
    const { attempt, cluster, run } = await start({ job: true })
    cluster.store.remove('jobs', NAMESPACE, run.job?.name ?? '')
    expect(await attempt()).toMatchObject({ kind: 'ended', result: { outcome: 'lost' } })
  })

  test.each(['running', 'deleted'])('that is %s ends cancelled when an operator cancelled the run', async (state) => {
    const { attempt, cluster, run, flags } = await start({ job: true })
    if (state === 'deleted') cluster.store.remove('jobs', NAMESPACE, run.job?.name ?? '')
    await flags.requestCancel(run.id, 'ada')
    expect(await attempt()).toMatchObject({ kind: 'ended', result: { outcome: 'cancelled' } })
    expect(cluster.store.list('jobs')).toEqual([])
  })

  test('that completed keeps its outcome although an operator cancelled the run', async () => {
    const { attempt, run, flags } = await start({ job: COMPLETE, jobs: { observed: { state: 'succeeded' } } })
    await flags.requestCancel(run.id, 'ada')
    expect(await attempt()).toMatchObject({ result: { outcome: 'succeeded' } })
  })
})

test('a run with a recorded result ends with it, and nothing is done again', async () => {
  const result = { outcome: 'succeeded', reason: 'the Job completed', finishedAt: 1 } as const
  const { attempt, cluster, stored: saved } = await start({ run: { job: makeJobRef(), result } })
  const before = await saved()
  expect(await attempt()).toEqual({ kind: 'ended', result })
  expect(cluster.audit.entries()).toEqual([])
  expect(await saved()).toEqual(before)
})

describe('a run of an older version', () => {
  test('without an alert key is read to its end, by its deduplication id', async () => {
    const { attempt, redis: client, prefix } = await start({ run: { ...old(), receivedAt: Date.now() }, job: COMPLETE })
    expect(await attempt()).toMatchObject({ kind: 'ended', result: { outcome: 'succeeded' } })
    expect(await client.get(`${prefix}:cooldown:old-deduplication-id`)).toEqual(expect.any(String))
  })

  test('without a Job gets one', async () => {
    const { attempt, cluster } = await start({ run: { ...old(), receivedAt: Date.now() } })
    expect(await attempt()).toMatchObject({ kind: 'waiting' })
    expect(cluster.store.list('jobs')).toHaveLength(1)
  })

  test('with a Job that its worker did not note adopts it, whatever its name', async () => {
    const id = randomUUID()
    const { attempt, cluster, redis: client, lease } = await start({ run: { ...old(), id }, isFirst: false })
    cluster.store.create('jobs', stored('Job', 'named-by-an-older-version', { labels: { [LABEL.runId]: id } }))
    await client.hset(lease.runKey, 'unansweredSince', Date.now() - 1_000)
    expect(await attempt()).toMatchObject({ kind: 'waiting', run: { job: { name: 'named-by-an-older-version' } } })
    expect(cluster.calls('create', 'jobs')).toBe(0)
  })
})

function old(): Partial<Run> {
  return { alertKey: undefined, dedupId: 'old-deduplication-id', receivedAt: Date.now() }
}

test('an attempt that has lost its lease changes nothing', async () => {
  const { attempt, redis: client, lease, cluster, stored: saved } = await start()
  await client.set(lease.lockKey, 'another-worker')
  const before = await saved()
  await expect(attempt()).rejects.toThrow('lease lost')
  expect(await saved()).toEqual(before)
  expect(cluster.store.list('jobs')).toEqual([])
})

test('an attempt whose worker was frozen until the Job ended does not overwrite the result of another', async () => {
  const { attempt, redis: client, lease, stored: saved } = await start({ job: COMPLETE })
  await client.set(lease.lockKey, 'another-worker')
  const before = await saved()
  await expect(attempt()).rejects.toThrow('lease lost')
  expect(await saved()).toEqual(before)
})

interface Start {
  run?: Partial<Run>
  resolution?: Resolution
  /** A Job in the cluster for the run, with this condition. */
  job?: true | object
  jobs?: KnownJobs
  isFirst?: boolean
}

function found(operario: Operario): Resolution {
  return { kind: 'found', operario }
}

/** A run that a worker has taken from the queue, with a cluster and the transitions of a real Redis. */
async function start({
  run: overrides = {},
  resolution = found(makeOperario()),
  job,
  jobs,
  isFirst = true,
}: Start = {}) {
  const cluster = await startCluster()
  const own = openTestQueue(redis.url)
  const id = overrides.id ?? randomUUID()
  const created = job === undefined ? {} : { job: createJob(cluster.store, id, job) }
  const fresh = { receivedAt: Date.now(), alert: makeAlert({ startsAt: new Date(Date.now() - 1_000).toISOString() }) }
  await own.enqueue({ ...fresh, id, ...created, ...overrides })
  const entry = await own.take(TOKEN)
  const run = entry.data as Run
  const lease = leaseOf(own.prefix, id, TOKEN, 30_000)
  const flags = createRunFlags(own.redis as never, own.prefix)
  const transitions = createTransitions({
    redis: own.redis as never,
    prefix: own.prefix,
    history: createHistoryEncoder({ historyMaxAge: HOUR, historyMaxRuns: 100 }),
    onHistoryError: (error) => {
      throw error
    },
  })
  const context: RunContext = makeContext(cluster, {
    transitions,
    flags,
    lease,
    isFirst,
    stored: entry.data as object,
    operarios: { resolve: () => resolution },
    jobs: makeJobs(jobs),
    now: Date.now,
  })
  const savedRun = async () => JSON.parse((await own.redis.hget(lease.runKey, 'data')) ?? '{}') as object
  return { ...own, attempt: () => reconcile(run, context), cluster, run, lease, flags, stored: savedRun }
}

function createJob(store: Awaited<ReturnType<typeof startCluster>>['store'], runId: string, condition: true | object) {
  const status = condition === true ? {} : { conditions: [condition] }
  const spec = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } } }
  const { metadata } = store.create(
    'jobs',
    stored('Job', 'cleanup', { labels: { [LABEL.runId]: runId } }, { spec, status }),
  )
  return makeJobRef({ uid: metadata.uid })
}
