import { once } from 'node:events'
import type { Outcome, Run } from '@opifer/core'
import { makeRun } from '@opifer/core/testing'
import { RUNS } from '@opifer/queue'
import { type ProvidedRedis, provideRedis } from '@opifer/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { RetryError } from '../errors.ts'
import type { CreatedRun } from '../run/context.ts'
import type { Progress } from '../run/reconcile.ts'
import { makeJobRef, readableMetrics, RECEIVED_AT, silent } from '../testing/builders.ts'
import { makeContext } from '../testing/context.ts'
import { openTestQueue } from '../testing/queue.ts'
import { promote } from './promote.ts'
import { consume, type ConsumerDeps } from './consume.ts'

let redis: ProvidedRedis

beforeAll(async () => {
  redis = await provideRedis()
})
afterAll(() => redis.stop())

describe('a run waiting for its Job', () => {
  test('is delayed, keeps its deduplication key, and is saved with its Job', async () => {
    const waiting: Run[] = []
    const { queue, enqueue, keyHolder } = start({
      reconcile: async (run) => wait(run),
      onWaiting: (run) => void waiting.push(run),
    })
    const { id = '' } = await enqueue()
    await expect.poll(() => queue.getJobState(id)).toBe('delayed')
    const job = await queue.getJob(id)
    expect(job?.data).toMatchObject({ id, job: makeJobRef() })
    expect(job?.attemptsMade).toBe(0)
    expect(await keyHolder(makeRun().dedupId)).toBe(id)
    expect((await enqueue()).id).toBe(id)
    expect(waiting).toEqual([expect.objectContaining({ id })])
  })

  test('makes attempt after attempt until it ends, and BullMQ counts one', async () => {
    let attempts = 0
    const { queue, enqueue, keyHolder } = start({
      reconcile: async (run) => (++attempts < 20 ? wait(run) : end('succeeded')),
      isPromoted: true,
    })
    const { id = '' } = await enqueue()
    await expect.poll(() => queue.getJobState(id)).toBe('completed')
    const job = await queue.getJob(id)
    expect(job?.attemptsMade).toBe(1)
    expect(job?.returnvalue).toBe('succeeded')
    expect(attempts).toBe(20)
    expect(await keyHolder(makeRun().dedupId)).toBeNull()
  })

  test('is not written again when nothing was added', async () => {
    const { queue, enqueue } = start({
      reconcile: async (run) => ({ kind: 'waiting', run: run as CreatedRun }),
    })
    const { id = '' } = await enqueue({ job: makeJobRef() })
    const before = (await queue.getJob(id))?.data
    await expect.poll(() => queue.getJobState(id)).toBe('delayed')
    expect((await queue.getJob(id))?.data).toEqual(before)
  })
})

describe('a run that ended', () => {
  test.each<{ outcome: Outcome; want: 'completed' | 'failed' }>([
    { outcome: 'succeeded', want: 'completed' },
    { outcome: 'unmatched', want: 'completed' },
    { outcome: 'disabled', want: 'completed' },
    { outcome: 'superseded', want: 'completed' },
    { outcome: 'failed', want: 'failed' },
    { outcome: 'expired', want: 'failed' },
    { outcome: 'invalid', want: 'failed' },
    { outcome: 'lost', want: 'failed' },
  ])('$outcome is $want in the queue after one attempt and frees its deduplication key', async ({ outcome, want }) => {
    let attempts = 0
    const { queue, enqueue, keyHolder, retries } = start({
      reconcile: async () => {
        attempts++
        return end(outcome)
      },
    })
    const { id = '' } = await enqueue()
    await expect.poll(() => queue.getJobState(id)).toBe(want)
    const job = await queue.getJob(id)
    expect(want === 'failed' ? job?.failedReason : job?.returnvalue).toBe(
      want === 'failed' ? `${outcome}: because` : outcome,
    )
    expect(attempts).toBe(1)
    expect(await retries()).toBe(0)
    expect(await keyHolder(makeRun().dedupId)).toBeNull()
  })
})

test('a worker that lost its lease saves no Job over the run of another worker', async () => {
  const own = start({
    async reconcile(run) {
      await own.redis.set(`${own.prefix}:${RUNS.name}:${run.id}:lock`, 'of another worker')
      return wait(run)
    },
  })
  const failed = once(own.worker, 'error')
  const { id = '' } = await own.enqueue()
  await failed
  expect((await own.queue.getJob(id))?.data).not.toHaveProperty('job')
})

describe('an attempt that fails', () => {
  test.each([{ error: new RetryError('the API server answered 503') }, { error: new Error('unexpected') }])(
    'with $error.name is retried with backoff, and the next attempt knows why',
    async ({ error }) => {
      const seen: unknown[] = []
      const { queue, enqueue, keyHolder, retries } = start({
        reconcile: async (_run, { lastError, isFirst }) => {
          seen.push({ lastError, isFirst })
          if (seen.length < 3) throw error
          return end('succeeded')
        },
      })
      const startedAt = performance.now()
      const { id = '' } = await enqueue()
      await expect.poll(() => seen).toHaveLength(1)
      await expect.poll(() => queue.getJobState(id)).toBe('delayed')
      expect(await keyHolder(makeRun().dedupId)).toBe(id)
      await expect.poll(() => queue.getJobState(id)).toBe('completed')
      // Half a second, then one.
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_400)
      const again = { lastError: error.message, isFirst: false }
      expect(seen).toEqual([{ lastError: undefined, isFirst: true }, again, again])
      expect(await retries()).toBe(2)
    },
  )

  test('waits at least as long as the API server asked', async () => {
    const { queue, enqueue } = start({
      reconcile: () => Promise.reject(new RetryError('slow down', { retryAfterMs: 120_000 })),
    })
    const { id = '' } = await enqueue()
    await expect.poll(() => queue.getJobState(id)).toBe('delayed')
    const job = await queue.getJob(id)
    expect(job?.delay).toBe(120_000)
  })
})

describe('a queue entry', () => {
  test.each([
    { what: 'text', data: 'not a run' },
    { what: 'an empty object', data: {} },
    { what: 'a run whose alert is cut off', data: { ...makeRun(), alert: { status: 'firing' } } },
    { what: 'null', data: null },
  ])('that is $what instead of a run fails with a reason, and the worker goes on', async ({ data }) => {
    const { queue, enqueue } = start({ reconcile: async () => end('succeeded') })
    const { id: broken = '' } = await queue.add('broken', data)
    await expect.poll(() => queue.getJobState(broken)).toBe('failed')
    const job = await queue.getJob(broken)
    expect(job?.failedReason).toMatch(/^queue entry is not a valid run/)
    expect(job?.attemptsMade).toBe(1)
    const { id = '' } = await enqueue()
    await expect.poll(() => queue.getJobState(id)).toBe('completed')
  })

  test('of a newer version keeps the fields that this one does not know', async () => {
    const { queue, enqueue } = start({
      reconcile: async (run) => wait(run),
    })
    const alert = { ...makeRun().alert, silencedBy: ['x'] }
    const { id = '' } = await enqueue({ alert, traceparent: '00-abc' } as Partial<Run>)
    await expect.poll(() => queue.getJobState(id)).toBe('delayed')
    const { data } = (await queue.getJob(id)) ?? {}
    expect(data).toMatchObject({ traceparent: '00-abc', alert: { silencedBy: ['x'] }, job: makeJobRef() })
  })

  test('keeps labels with the names of object members', async () => {
    const labels = JSON.parse('{"alertname": "A", "__proto__": "x", "constructor": "y"}') as Record<string, string>
    const seen: Run[] = []
    const { queue, enqueue } = start({
      reconcile: async (run) => {
        seen.push(run)
        return seen.length === 1 ? wait(run) : end('succeeded')
      },
      isPromoted: true,
    })
    const { id = '' } = await enqueue({ alert: { ...makeRun().alert, labels } as Run['alert'] })
    await expect.poll(() => queue.getJobState(id)).toBe('completed')
    for (const { alert } of seen) expect(JSON.stringify(alert)).toContain(JSON.stringify(labels).slice(1, -1))
  })
})

test('a new Job is announced once, and each failed attempt is recorded', async () => {
  let attempts = 0
  const { queue, enqueue, failures, jobs } = start({
    async reconcile(run) {
      if (++attempts === 1) throw new RetryError('the API server did not answer')
      if (attempts === 2) return wait(run)
      return attempts < 5 ? { kind: 'waiting', run: run as CreatedRun } : end('failed')
    },
    isPromoted: true,
  })
  const { id = '' } = await enqueue()
  await expect.poll(() => queue.getJobState(id)).toBe('failed')
  expect(failures).toEqual([`${id} the API server did not answer`])
  expect(jobs).toEqual([id])
})

describe('metrics and traces', () => {
  test('the wait for the first attempt is measured once', async () => {
    let attempts = 0
    const { queue, enqueue, read } = start({
      reconcile: async (run) => (++attempts < 3 ? wait(run) : end('succeeded')),
      isPromoted: true,
    })
    const { id = '' } = await enqueue({ receivedAt: RECEIVED_AT - 7_000 })
    await expect.poll(() => queue.getJobState(id)).toBe('completed')
    expect(await read('opifer_run_waiting_seconds')).toMatchObject({ '5': 0, '10': 1, '3600': 1 })
  })

  test('the time to the Job is measured when the run gets it, and not again', async () => {
    let attempts = 0
    const { queue, enqueue, read } = start({
      reconcile: async (run) => (++attempts < 3 ? wait(run) : end('succeeded')),
      isPromoted: true,
    })
    const { id = '' } = await enqueue({ receivedAt: RECEIVED_AT - 2_000 })
    await expect.poll(() => queue.getJobState(id)).toBe('completed')
    expect(await read('opifer_run_time_to_job_seconds')).toMatchObject({ '1': 0, '2.5': 1, '3600': 1 })
  })

  test('the trace has the run, its alert, its Job and its outcome, and no group key', async () => {
    let attempts = 0
    const { queue, enqueue, attributes } = start({
      reconcile: async (run) => (++attempts < 2 ? wait(run) : end('failed')),
      isPromoted: true,
    })
    const { id = '' } = await enqueue({ groupKey: '{}:{alertname="secret"}' })
    await expect.poll(() => queue.getJobState(id)).toBe('failed')
    expect(attributes()).toEqual({
      'opifer.run.id': id,
      'opifer.group_key.hash': expect.stringMatching(/^g[0-9a-z]+$/),
      'opifer.alertname': 'DiskSpaceLow',
      'k8s.job.name': 'cleanup',
      'k8s.namespace.name': 'default',
      'opifer.outcome': 'failed',
    })
  })

  test('an end is reported once, and not again for a result recorded before', async () => {
    const { queue, enqueue, ends } = start({ reconcile: async (run) => end(run.result?.outcome ?? 'failed') })
    const { id: fresh = '' } = await enqueue()
    await expect.poll(() => queue.getJobState(fresh)).toBe('failed')
    const { id: recorded = '' } = await enqueue({ result: ended('failed') })
    await expect.poll(() => queue.getJobState(recorded)).toBe('failed')
    expect(ends).toEqual([fresh])
  })
})

test('closing waits for the attempt in progress', async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const { promise: goOn, resolve: finish } = Promise.withResolvers<void>()
  const { queue, enqueue, worker } = start({
    async reconcile() {
      begin()
      await goOn
      return end('succeeded')
    },
  })
  const { id = '' } = await enqueue()
  await begun
  const closed = worker.close()
  finish()
  await closed
  expect(await queue.getJobState(id)).toBe('completed')
})

type Options = Partial<ConsumerDeps> &
  Pick<ConsumerDeps, 'reconcile'> & {
    /** Starts the next attempt of a waiting run at once. */
    isPromoted?: boolean
  }

function start({ isPromoted = false, ...overrides }: Options) {
  const own = openTestQueue(redis.url)
  const { metrics, read } = readableMetrics()
  const failures: string[] = []
  const jobs: string[] = []
  const ends: string[] = []
  const traced: object[] = []
  const deps: ConsumerDeps = {
    redis: own.redis as never,
    log: silent,
    context: makeContext({ api: {} }, { metrics, now: () => RECEIVED_AT }),
    history: { attemptFailed: async (id, { message }) => void failures.push(`${id} ${message}`) },
    tracing: { annotate: (attributes) => void traced.push(attributes()), queueOptions: {} },
    onJob: (runId) => void jobs.push(runId),
    onWaiting: ({ id }) => void (isPromoted && promote(own.queue, id, silent)),
    onEnd: ({ id }) => void ends.push(id),
    random: () => 0,
    ...overrides,
  }
  const worker = consume(deps, { queuePrefix: own.prefix, concurrency: 5, lockDuration: 30_000 })
  onTestFinished(() => worker.close())
  const retries = async () => (await read('opifer_run_retries_total'))['']
  const attributes = () => Object.assign({}, ...traced) as object
  return { ...own, worker, read, retries, failures, jobs, ends, attributes }
}

function wait(run: Run): Progress {
  return { kind: 'waiting', run: { ...run, job: makeJobRef() } }
}

function end(outcome: Outcome): Progress {
  return { kind: 'ended', result: ended(outcome) }
}

function ended(outcome: Outcome) {
  return { outcome, reason: 'because', finishedAt: 0 }
}
