import type { Outcome, Run } from '@opifer/core'
import { makeRun } from '@opifer/core/testing'
import { RUNS } from '@opifer/queue'
import { eventually, provideRedis, type ProvidedRedis } from '@opifer/testkit'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { RetryError } from '../errors.ts'
import type { CreatedRun, Turn } from '../processors/run.ts'
import { makeHistory, makeJobRef, silent } from '../testing/builders.ts'
import { givenQueue } from '../testing/queue.ts'
import { startWorker, type WorkerDeps } from './start-worker.ts'

let redis: ProvidedRedis

beforeAll(async () => {
  redis = await provideRedis()
})
afterAll(() => redis.stop())

describe('a run that waits for its Job', () => {
  test('is delayed until its next look, keeps its deduplication key, and has what was added to it', async () => {
    const waiting: Run[] = []
    const { queue, enqueue, keyHolder } = given({
      takeTurn: async (run) => wait(run),
      nextLook: () => 3_600_000,
      onWaiting: (run) => void waiting.push(run),
    })
    const { id = '' } = await enqueue()
    await eventually(async () => expect(await queue.getJobState(id)).toBe('delayed'))
    const job = await queue.getJob(id)
    expect(job?.data).toMatchObject({ id, job: makeJobRef() })
    expect(job?.attemptsMade).toBe(0)
    expect(await keyHolder(makeRun().dedupId)).toBe(id)
    expect((await enqueue()).id).toBe(id)
    expect(waiting).toEqual([expect.objectContaining({ id })])
  })

  test('takes turn after turn, without using up attempts, until it is over', async () => {
    let turns = 0
    const { queue, enqueue, keyHolder } = given({
      takeTurn: async (run) => (++turns < 20 ? wait(run) : over('succeeded')),
      nextLook: () => 1,
    })
    const { id = '' } = await enqueue()
    await eventually(async () => expect(await queue.getJobState(id)).toBe('completed'))
    const job = await queue.getJob(id)
    expect(job?.attemptsMade).toBe(1)
    expect(job?.returnvalue).toBe('succeeded')
    expect(turns).toBe(20)
    expect(await keyHolder(makeRun().dedupId)).toBeNull()
  })

  test('that nothing was added to is not written again', async () => {
    const { queue, enqueue } = given({
      takeTurn: async (run) => ({ kind: 'waiting', run: run as CreatedRun }),
      nextLook: () => 3_600_000,
    })
    const { id = '' } = await enqueue({ job: makeJobRef() })
    const before = (await queue.getJob(id))?.data
    await eventually(async () => expect(await queue.getJobState(id)).toBe('delayed'))
    expect((await queue.getJob(id))?.data).toEqual(before)
  })
})

describe('a run that is over', () => {
  test.each<{ outcome: Outcome; want: 'completed' | 'failed' }>([
    { outcome: 'succeeded', want: 'completed' },
    { outcome: 'unmatched', want: 'completed' },
    { outcome: 'disabled', want: 'completed' },
    { outcome: 'superseded', want: 'completed' },
    { outcome: 'failed', want: 'failed' },
    { outcome: 'expired', want: 'failed' },
    { outcome: 'invalid', want: 'failed' },
    { outcome: 'lost', want: 'failed' },
  ])('$outcome is $want, after one attempt, and frees its deduplication key', async ({ outcome, want }) => {
    let turns = 0
    const { queue, enqueue, keyHolder, retries } = given({
      takeTurn: async () => {
        turns++
        return over(outcome)
      },
    })
    const { id = '' } = await enqueue()
    await eventually(async () => expect(await queue.getJobState(id)).toBe(want))
    const job = await queue.getJob(id)
    expect(want === 'failed' ? job?.failedReason : job?.returnvalue).toBe(
      want === 'failed' ? `${outcome}: because` : outcome,
    )
    expect(turns).toBe(1)
    expect(retries()).toBe(0)
    expect(await keyHolder(makeRun().dedupId)).toBeNull()
  })
})

test('a worker that has lost a run to another, as after a freeze, writes nothing over it', async () => {
  const { promise: refused, resolve: refuse } = Promise.withResolvers<unknown>()
  const own = given({
    async takeTurn(run, { save }) {
      const lock = `${own.prefix}:${RUNS.name}:${run.id}:lock`
      const token = await own.redis.getset(lock, 'of another worker')
      await save({ ...run, result: ended('lost') }).catch(refuse)
      await own.redis.set(lock, token ?? '')
      return over('succeeded')
    },
  })
  const { queue } = own
  const { id = '' } = await own.enqueue()
  expect(await refused).toMatchObject({ message: 'another worker has taken the run over' })
  await eventually(async () => expect(await queue.getJobState(id)).toBe('completed'))
  expect((await queue.getJob(id))?.data).not.toHaveProperty('result')
})

describe('a turn that fails', () => {
  test.each([{ error: new RetryError('the API server answered 503') }, { error: new Error('nobody expected this') }])(
    'with $error.name is tried again after a while, and is told so and why it failed',
    async ({ error }) => {
      const told: unknown[] = []
      const { queue, enqueue, keyHolder, retries } = given({
        takeTurn: async (_run, { lastError, isFirst }) => {
          told.push({ lastError, isFirst })
          if (told.length < 3) throw error
          return over('succeeded')
        },
      })
      const start = performance.now()
      const { id = '' } = await enqueue()
      await eventually(() => expect(told).toHaveLength(1))
      await eventually(async () => expect(await queue.getJobState(id)).toBe('delayed'))
      expect(await keyHolder(makeRun().dedupId)).toBe(id)
      await eventually(async () => expect(await queue.getJobState(id)).toBe('completed'))
      // Half a second, then one.
      expect(performance.now() - start).toBeGreaterThanOrEqual(1_400)
      const again = { lastError: error.message, isFirst: false }
      expect(told).toEqual([{ lastError: undefined, isFirst: true }, again, again])
      expect(retries()).toBe(2)
    },
  )

  test('waits at least as long as the API server asked for', async () => {
    const { queue, enqueue } = given({
      takeTurn: () => Promise.reject(new RetryError('slow down', { retryAfterMs: 120_000 })),
    })
    const { id = '' } = await enqueue()
    await eventually(async () => expect(await queue.getJobState(id)).toBe('delayed'))
    const job = await queue.getJob(id)
    expect(job?.delay).toBe(120_000)
  })
})

describe('what stands in the queue', () => {
  test.each([
    { what: 'text', data: 'not a run' },
    { what: 'an empty object', data: {} },
    { what: 'a run whose alert is cut off', data: { ...makeRun(), alert: { status: 'firing' } } },
    { what: 'null', data: null },
  ])('and is no run but $what fails with a reason, and the worker goes on', async ({ data }) => {
    const { queue, enqueue } = given({ takeTurn: async () => over('succeeded') })
    const { id: broken = '' } = await queue.add('broken', data)
    await eventually(async () => expect(await queue.getJobState(broken)).toBe('failed'))
    const job = await queue.getJob(broken)
    expect(job?.failedReason).toMatch(/^what stands in the queue is no run/)
    expect(job?.attemptsMade).toBe(1)
    const { id = '' } = await enqueue()
    await eventually(async () => expect(await queue.getJobState(id)).toBe('completed'))
  })

  test('may come from a newer version: what this one does not know is kept', async () => {
    const { queue, enqueue } = given({
      async takeTurn(run, { save }) {
        await save({ ...run, result: ended('failed') })
        return wait(run)
      },
      nextLook: () => 3_600_000,
    })
    const alert = { ...makeRun().alert, silencedBy: ['x'] }
    const { id = '' } = await enqueue({ alert, traceparent: '00-abc' } as Partial<Run>)
    await eventually(async () => expect(await queue.getJobState(id)).toBe('delayed'))
    const { data } = (await queue.getJob(id)) ?? {}
    expect(data).toMatchObject({ traceparent: '00-abc', alert: { silencedBy: ['x'] }, job: makeJobRef() })
  })

  test('keeps labels whatever they are called', async () => {
    const labels = JSON.parse('{"alertname": "A", "__proto__": "x", "constructor": "y"}') as Record<string, string>
    const seen: Run[] = []
    const { queue, enqueue } = given({
      takeTurn: async (run) => {
        seen.push(run)
        return seen.length === 1 ? wait(run) : over('succeeded')
      },
      nextLook: () => 1,
    })
    const { id = '' } = await enqueue({ alert: { ...makeRun().alert, labels } as Run['alert'] })
    await eventually(async () => expect(await queue.getJobState(id)).toBe('completed'))
    for (const { alert } of seen) expect(JSON.stringify(alert)).toContain(JSON.stringify(labels).slice(1, -1))
  })
})

test('the history is told of a Job once, and of each attempt that failed, but not of an end', async () => {
  let turns = 0
  const { queue, enqueue, told } = given({
    async takeTurn(run) {
      if (++turns === 1) throw new RetryError('the API server did not answer')
      if (turns === 2) return wait(run)
      return turns < 5 ? { kind: 'waiting', run: run as CreatedRun } : over('failed')
    },
    nextLook: () => 1,
    now: () => 7,
  })
  const { id = '' } = await enqueue()
  await eventually(async () => expect(await queue.getJobState(id)).toBe('failed'))
  expect(told).toEqual([`failed ${id} 7 the API server did not answer`, `created ${id} cleanup`])
})

test('closing lets the turn under way finish', async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const { promise: goOn, resolve: finish } = Promise.withResolvers<void>()
  const { queue, enqueue, worker } = given({
    async takeTurn() {
      begin()
      await goOn
      return over('succeeded')
    },
  })
  const { id = '' } = await enqueue()
  await begun
  const closed = worker.close()
  finish()
  await closed
  expect(await queue.getJobState(id)).toBe('completed')
})

function given(overrides: Partial<WorkerDeps> & Pick<WorkerDeps, 'takeTurn'>) {
  const own = givenQueue(redis.url)
  let retries = 0
  const told: string[] = []
  const deps: WorkerDeps = {
    redis: own.redis,
    log: silent,
    history: makeHistory(told),
    nextLook: () => 10,
    onWaiting: () => {},
    onRetry: () => void retries++,
    onStalled: () => {},
    random: () => 0,
    ...overrides,
  }
  const worker = startWorker(deps, { queuePrefix: own.prefix, concurrency: 5, lockDuration: 30_000 })
  onTestFinished(() => worker.close())
  return { ...own, worker, retries: () => retries, told }
}

function wait(run: Run): Turn {
  return { kind: 'waiting', run: { ...run, job: makeJobRef() } }
}

function over(outcome: Outcome): Turn {
  return { kind: 'over', result: ended(outcome) }
}

function ended(outcome: Outcome) {
  return { outcome, reason: 'because', finishedAt: 0 }
}
