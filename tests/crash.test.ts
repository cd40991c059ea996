/**
 * Processes die, Redis and the API server fail and recover. In every case, an accepted alert has one run, the run has one
 * Job, and the Job's end is recorded.
 */
import type { JobRef } from '@opifer/core'
import type { FaultRule } from '@opifer/devcluster'
import { type OpiferProcess, PATIENCE, statusOf } from '@opifer/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Gate, makeGate } from './harness/gate.ts'
import { readCounter } from './harness/metrics.ts'
import { makeOperario, shell, succeed } from './harness/operario.ts'
import { type Job, startSystem, type System } from './harness/system.ts'
import { firing, makeAlert, makeWebhook, resolved } from './harness/webhook.ts'

let system: System
let slow: Slow
const gate = makeGate()

/** The only worker when a test begins; a test that ends it may leave another one. */
let worker: OpiferProcess | undefined

beforeAll(async () => {
  const operarios = [
    makeOperario('Quick', succeed),
    makeOperario('Gated', gate.command),
    makeOperario('Fails', shell('exit 3')),
  ]
  const workerFlags = ['--lockDuration=1s', '--cooldown=0', '--concurrency=3']
  const starting = startSlow()
  system = await startSystem({ workers: 0, workerFlags, redis: { appendonly: 'always' }, operarios })
  slow = await starting
})

afterAll(async () => {
  await Promise.all([system.stop(), slow.system.stop()])
  await Promise.all([gate.remove(), slow.gate.remove()])
})

beforeEach(async () => {
  worker ??= await system.startWorker()
})

afterEach(async () => {
  system.cluster.faults.clear()
  await gate.remove()
})

const creating = { verb: 'create', resource: 'jobs' } as const

describe('Workers', () => {
  test('the Job of a worker that was killed before its create was answered is adopted by another', async () => {
    const first = takeWorker()
    system.cluster.faults.add({ ...creating, times: 1, fault: { type: 'commit-then-hang' } })
    const runId = await post('crash-1')
    await expect.poll(() => jobsOf('crash-1')).toHaveLength(1)
    await first.kill()
    const second = await replaceWorker()
    expect(await outcomeOf(runId, 'crash-1')).toEqual(ONE_OF_EACH)
    expect(await readCounter('opifer_jobs_adopted_total', [second])).toBe(1)
    expect(await readCounter('openfero_jobs_created_total', [second])).toBe(0)
    expect(await readCounter('openfero_jobs_succeeded_total', [second])).toBe(1)
  })

  test('a later firing adopts the Job of a worker that was killed before its create was answered', async () => {
    const first = takeWorker()
    system.cluster.faults.add({ ...creating, times: 1, fault: { type: 'commit-then-hang' } })
    const runId = await post('crash-refire', 'Gated')
    await expect.poll(() => jobsOf('crash-refire', 'Gated')).toHaveLength(1)
    await first.kill()
    await system.post(resolved('Gated', { instance: 'crash-refire' }))
    await replaceWorker()
    // The run would have ended superseded if its Job had not been found.
    await jobOf(runId)
    const later = makeAlert('Gated', { instance: 'crash-refire' }, { startsAt: '2026-11-23T05:00:00Z' })
    const [receipt] = await system.post(makeWebhook([later]))
    expect(receipt).toMatchObject({ result: 'enqueued' })
    const laterRunId = receipt?.runId ?? ''
    expect(await jobOf(laterRunId)).toMatchObject({ uid: (await jobOf(runId)).uid, adopted: true })
    await gate.open()
    expect(await outcomeOf(runId, 'crash-refire', 'Gated')).toEqual(ONE_OF_EACH)
    expect(await outcomeOf(laterRunId, 'crash-refire', 'Gated')).toEqual(ONE_OF_EACH)
  })

  test('the end of a Job is recorded by another worker when its own was killed', async () => {
    const first = takeWorker()
    const runId = await post('crash-2', 'Gated')
    await jobOf(runId)
    await first.kill()
    await replaceWorker()
    await gate.open()
    expect(await outcomeOf(runId, 'crash-2', 'Gated')).toEqual(ONE_OF_EACH)
  })

  test('the end of a Job is recorded although it came while no worker was up', async () => {
    const first = takeWorker()
    const runId = await post('crash-3', 'Gated')
    await jobOf(runId)
    await first.kill()
    await gate.open()
    await expect.poll(() => jobsOf('crash-3', 'Gated')[0]?.status?.conditions).toBeDefined()
    await replaceWorker()
    expect(await outcomeOf(runId, 'crash-3', 'Gated')).toEqual(ONE_OF_EACH)
  })

  test('a worker that was frozen in its create changes nothing after another has finished the run', async () => {
    const frozen = takeWorker()
    system.cluster.faults.add({ ...creating, times: 1, fault: { type: 'latency', milliseconds: 500 } })
    const runId = await post('crash-4')
    await expect.poll(() => system.cluster.faults.list()).toEqual([])
    frozen.signal('SIGSTOP')
    const other = await replaceWorker()
    expect(await outcomeOf(runId, 'crash-4')).toEqual(ONE_OF_EACH)
    const recorded = await system.runs.find(runId)
    frozen.signal('SIGCONT')
    await frozen.waitForLine(new RegExp(`${runId}.*"Job created"`))
    // Once it has stopped, it can do nothing more.
    await frozen.stop()
    expect(await system.runs.find(runId)).toEqual(recorded)
    expect(await outcomeOf(runId, 'crash-4')).toEqual(ONE_OF_EACH)
    expect(await readCounter('openfero_jobs_succeeded_total', [other])).toBe(1)
  })

  test('a worker that gets SIGTERM during a create finishes it and exits 0, and the next worker continues', async () => {
    const first = takeWorker()
    const release = system.cluster.faults.add({ ...creating, fault: { type: 'latency', milliseconds: 500 } })
    const instances = ['crash-5a', 'crash-5b', 'crash-5c']
    const runIds = await Promise.all(instances.map((instance) => post(instance, 'Gated')))
    await expect.poll(() => system.cluster.faults.list()[0]?.hits).toBeGreaterThan(0)
    expect(await first.stop()).toBe(0)
    release()
    await gate.open()
    await replaceWorker()
    for (const [index, runId] of runIds.entries()) {
      expect(await outcomeOf(runId, instances[index] ?? '', 'Gated')).toEqual(ONE_OF_EACH)
    }
  })

  test('two workers that work on one run at once create one Job', async () => {
    const workers = [takeWorker(), await replaceWorker()]
    const counters = ['openfero_jobs_created_total', 'opifer_jobs_adopted_total', 'openfero_jobs_succeeded_total']
    const read = () => Promise.all(counters.map((name) => readCounter(name, workers)))
    const before = await read()
    const earlier = answersToCreates().length
    system.cluster.faults.add({ ...creating, times: 1, fault: { type: 'latency', milliseconds: 4_000 } })
    const runId = await post('crash-6')
    await expect.poll(() => system.cluster.faults.list()).toEqual([])
    await system.runs.unlock(runId)
    expect(await outcomeOf(runId, 'crash-6')).toEqual(ONE_OF_EACH)
    // The create of the first worker comes too late; with the answer it learns that it has lost the run.
    await expect.poll(() => answersToCreates().slice(earlier)).toEqual([201, 409])
    expect(await outcomeOf(runId, 'crash-6')).toEqual(ONE_OF_EACH)
    expect(minus(await read(), before)).toEqual([1, 0, 1])
  })
})

describe('Redis', () => {
  const group = Array.from({ length: 10 }, (_, index) => `redis-${index}`)

  test('every run ends when Redis restarts while runs are queued and in flight', async () => {
    system.cluster.faults.add({ ...creating, fault: { type: 'latency', milliseconds: 200 } })
    const receipts = await system.post(makeWebhook(group.map((instance) => makeAlert('Gated', { instance }))))
    await expect.poll(async () => (await system.jobs('Gated')).filter(isOneOf(group)).length).toBeGreaterThan(2)
    await system.redis.kill()
    await system.redis.restart()
    await gate.open()
    for (const [index, { runId }] of receipts.entries()) {
      expect(await outcomeOf(runId, group[index] ?? '', 'Gated')).toEqual(ONE_OF_EACH)
    }
    await expect.poll(() => statusOf(`${system.ingest.url}/readiness`)).toBe(200)
  })

  test('a repeat adopts the running Job after Redis was emptied', async () => {
    const before = await post('redis-flushed', 'Gated')
    await jobOf(before)
    await system.redis.flush()
    const after = await post('redis-flushed', 'Gated')
    expect(after).not.toBe(before)
    await jobOf(after)
    await gate.open()
    expect(await outcomeOf(after, 'redis-flushed', 'Gated')).toEqual(ONE_OF_EACH)
  })

  test('a repeat gets a Job with the next number after Redis was emptied and the first Job has finished', async () => {
    const first = await system.runs.end(await post('redis-again'))
    await system.redis.flush()
    const second = await system.runs.end(await post('redis-again'))
    // Of the first two, Redis knows only the second.
    const third = await system.runs.end(await post('redis-again'))
    expect([first, second, third].map(({ result }) => result.outcome)).toEqual(['succeeded', 'succeeded', 'succeeded'])
    expect(new Set([first, second, third].map(({ job }) => job?.name)).size).toBe(3)
    expect(jobsOf('redis-again')).toHaveLength(3)
  })
})

describe('The API server', () => {
  const faults: [name: string, rule: FaultRule][] = [
    ['answers 503 to creates', { ...creating, times: 2, fault: { type: 'status', code: 503 } }],
    ['answers 500 to creates', { ...creating, times: 1, fault: { type: 'status', code: 500 } }],
    ['answers 403 for an exhausted quota', { ...creating, times: 1, fault: { type: 'status', code: 403 } }],
    ['cuts the connection before the create', { ...creating, times: 1, fault: { type: 'cut' } }],
    ['cuts the connection after the create', { ...creating, times: 1, fault: { type: 'commit-then-cut' } }],
    ['sends events twice', { verb: 'watch', resource: 'jobs', fault: { type: 'duplicate-events' } }],
    ['sends stale events', { verb: 'watch', resource: 'jobs', fault: { type: 'stale-events' } }],
    ['sends events late', { verb: 'watch', resource: 'jobs', fault: { type: 'late-events', milliseconds: 500 } }],
  ]
  test.each(faults)('a run ends with one Job when the API server %s', async (name, rule) => {
    system.cluster.faults.add(rule)
    const runId = await post(name)
    expect(await outcomeOf(runId, name)).toEqual(ONE_OF_EACH)
    // Spent rules are removed; the others must have had an effect.
    expect(system.cluster.faults.list().filter(({ hits }) => hits === 0)).toEqual([])
  })

  test('a create that was answered 429 is not retried before its Retry-After', async () => {
    const fault = { type: 'status', code: 429, retryAfterSeconds: 2 } as const
    system.cluster.faults.add({ ...creating, times: 1, fault })
    const startedAt = Date.now()
    expect(await outcomeOf(await post('api-429'), 'api-429')).toEqual(ONE_OF_EACH)
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(2_000)
  })

  test('a run waits while the API server refuses connections', async () => {
    await system.cluster.faults.refuse()
    const runId = await post('api-refuses')
    await expect.poll(() => system.runs.state(runId)).toBe('delayed')
    await system.cluster.faults.accept()
    expect(await outcomeOf(runId, 'api-refuses')).toEqual(ONE_OF_EACH)
  })

  test('the end of a Job is noticed at once after watches were cut and their history was lost', async () => {
    const runId = await post('api-410', 'Gated')
    await jobOf(runId)
    system.cluster.faults.expireHistory()
    system.cluster.faults.cutWatches()
    const openedAt = Date.now()
    await gate.open()
    expect(await outcomeOf(runId, 'api-410', 'Gated')).toEqual(ONE_OF_EACH)
    const { result } = await system.runs.end(runId)
    // Sooner than the run would poll its Job.
    expect(result.finishedAt - openedAt).toBeLessThan(10_000)
  })

  test('a run ends lost when its Job is deleted before its end', async () => {
    const runId = await post('api-deleted', 'Gated')
    const { namespace, name } = await jobOf(runId)
    system.cluster.store.remove('jobs', namespace, name)
    const { result } = await system.runs.end(runId)
    expect(result.outcome).toBe('lost')
  })

  test('a failed Job is recorded as failed although its pods can not be read', async () => {
    system.cluster.faults.add({ verb: 'list', resource: 'pods', fault: { type: 'status', code: 403 } })
    const { result } = await system.runs.end(await post('api-no-pods', 'Fails'))
    expect(result).toMatchObject({ outcome: 'failed', exits: [] })
  })
})

describe('A silent API server', () => {
  test('a create that was executed but never answered is retried and finds its Job', async () => {
    const run = await slow.system.runs.end(slow.unanswered, { timeout: 60_000 })
    expect(run.result.outcome).toBe('succeeded')
    expect(await slow.system.jobs('Quick')).toHaveLength(1)
  }, 65_000)

  test('a run ends although the watches are silent forever', async () => {
    const run = await slow.system.runs.end(slow.unwatched, { timeout: 80_000 })
    expect(run.result.outcome).toBe('succeeded')
    expect(await slow.system.jobs('Gated')).toHaveLength(1)
  }, 85_000)
})

interface Slow {
  gate: Gate
  system: System
  unanswered: string
  unwatched: string
}

/** Timeouts take half a minute, so these two runs proceed during all other tests and are checked last. */
async function startSlow(): Promise<Slow> {
  const held = makeGate()
  const own = await startSystem({ operarios: [makeOperario('Quick', succeed), makeOperario('Gated', held.command)] })
  const { faults } = own.cluster
  faults.add({ ...creating, times: 1, fault: { type: 'commit-then-hang' } })
  const [unanswered] = await own.post(firing('Quick'))
  await vi.waitFor(() => expect(faults.list()).toEqual([]), PATIENCE)
  const [unwatched] = await own.post(firing('Gated'))
  const unwatchedId = unwatched?.runId ?? ''
  await jobOf(unwatchedId, own)
  faults.add({ verb: 'watch', resource: 'jobs', fault: { type: 'silent-watch' } })
  faults.cutWatches()
  await vi.waitFor(() => expect(faults.list()[0]?.hits).toBe(1), PATIENCE)
  await held.open()
  return { gate: held, system: own, unanswered: unanswered?.runId ?? '', unwatched: unwatchedId }
}

function takeWorker(): OpiferProcess {
  const taken = worker
  if (!taken) throw new Error('no worker is up')
  worker = undefined
  onTestFinished(async () => {
    await taken.kill()
  })
  return taken
}

async function replaceWorker(): Promise<OpiferProcess> {
  worker = await system.startWorker()
  return worker
}

function minus(after: readonly number[], before: readonly number[]): number[] {
  return after.map((value, index) => value - (before[index] ?? 0))
}

/** Posts an alert that no other test uses, and returns its run. */
async function post(instance: string, alertname = 'Quick'): Promise<string> {
  const [receipt] = await system.post(firing(alertname, { instance }))
  return receipt?.runId ?? ''
}

/** Waits until the run has recorded its Job. */
function jobOf(runId: string, { runs }: System = system): Promise<JobRef> {
  return vi.waitFor(async () => {
    const run = await runs.find(runId)
    if (!run?.job) throw new Error(`run ${runId} has no Job yet`)
    return run.job
  }, PATIENCE)
}

function jobsOf(instance: string, alertname = 'Quick'): Job[] {
  const jobs = system.cluster.store.list('jobs') as unknown as Job[]
  return jobs.filter(({ metadata }) => metadata.labels?.['openfero.io/alert'] === alertname).filter(isOneOf([instance]))
}

/** The status codes of all creates of Jobs. */
function answersToCreates(): number[] {
  const entries = system.cluster.audit.entries()
  return entries.filter(({ verb, resource }) => verb === 'create' && resource === 'jobs').map(({ code }) => code)
}

function isOneOf(instances: readonly string[]): (job: Job) => boolean {
  return ({ spec }) => {
    const env = spec?.template.spec?.containers[0]?.env ?? []
    return instances.includes(env.find(({ name }) => name === 'OPENFERO_INSTANCE')?.value ?? '')
  }
}

/** What an alert has led to once its run has ended. */
async function outcomeOf(runId: string, instance: string, alertname = 'Quick') {
  const run = await system.runs.end(runId)
  const state = await system.runs.state(runId)
  const all = await system.runs.all()
  const jobs = jobsOf(instance, alertname)
  return {
    outcome: run.result.outcome,
    state,
    runs: all.filter(({ dedupId }) => dedupId === run.dedupId).length,
    jobs: jobs.length,
    otherJobs: jobs.filter(({ metadata }) => metadata.name !== run.job?.name).length,
  }
}

const ONE_OF_EACH = { outcome: 'succeeded', state: 'completed', runs: 1, jobs: 1, otherJobs: 0 }
