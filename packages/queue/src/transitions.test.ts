import { alertId, jobName, type Run } from '@opifer/core'
import { makeAlert, makeRun } from '@opifer/core/testing'
import { createHistoryEncoder, createHistoryReader } from '@opifer/history'
import { startProxy } from '@opifer/testkit'
import type { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { serializeRun } from './catalog.ts'
import { createRunFlags } from './flags.ts'
import { type Lease, LeaseLostError, leaseOf } from './lease.ts'
import { connect, dump, HOUR, PREFIX, startTestRedis } from './testing/helpers.ts'
import { createTransitions, type RunEnding, type Transitions } from './transitions.ts'

const TOKEN = 'this-worker'
const LEASE_MS = 60_000
const AT = Date.parse('2026-11-23T03:59:01Z')
const ENDING: RunEnding = { data: '{}', cooldownMs: 0, jobTimes: undefined }

const server = startTestRedis()

interface Transition {
  name: string
  act: (transitions: Transitions, run: Run, lease: Lease) => Promise<unknown>
}

const TRANSITIONS: Transition[] = [
  { name: 'begin', act: (transitions, run, lease) => transitions.begin(run, lease, { at: AT, inDoubtFrom: AT }) },
  { name: 'markInDoubt', act: ({ markInDoubt }, run, lease) => markInDoubt(run, lease, { from: AT, job: 0 }) },
  { name: 'clearInDoubt', act: ({ clearInDoubt }, _, lease) => clearInDoubt(lease) },
  {
    name: 'finish',
    act: ({ finish }, run, lease) => finish(withResult(withJob(run)), lease, { ...ENDING, cooldownMs: HOUR }),
  },
]

describe('a lost lease', () => {
  test.each(
    TRANSITIONS.flatMap((transition) => [
      { ...transition, holder: 'another-worker' },
      { ...transition, holder: undefined },
    ]),
  )('$name writes nothing when the lease is held by $holder', async ({ name, act, holder }) => {
    const { transitions, run, lease, setHolder } = await start()
    if (name === 'clearInDoubt') await transitions.markInDoubt(run, lease, { from: 7, job: 0 })
    await setHolder(holder)
    const before = await dump(server.redis)
    await expect(act(transitions, run, lease)).rejects.toThrow(LeaseLostError)
    expect(await dump(server.redis)).toEqual(before)
    expect(await server.redis.pttl(lease.lockKey)).toBeLessThanOrEqual(5_000)
  })

  test.each(TRANSITIONS)(
    'a $name resent on a new connection writes nothing after another worker took over',
    async ({ name, act }) => {
      const proxy = await startProxy(server.server)
      onTestFinished(() => proxy.stop())
      const { transitions, run, lease, setHolder } = await start({ redis: await connect(proxy) })
      if (name === 'clearInDoubt') await transitions.markInDoubt(run, lease, { from: 7, job: 0 })
      proxy.stall()
      const acted = act(transitions, run, lease)
      await setHolder('another-worker')
      const before = await dump(server.redis)
      proxy.cut()
      proxy.restore()
      await expect(acted).rejects.toThrow(LeaseLostError)
      expect(await dump(server.redis)).toEqual(before)
    },
  )

  test.each(TRANSITIONS)('$name writes while the lease is held', async ({ name, act }) => {
    const { transitions, run, lease } = await start()
    if (name === 'clearInDoubt') await transitions.markInDoubt(run, lease, { from: 7, job: 0 })
    const before = await dump(server.redis)
    await act(transitions, run, lease)
    expect(await dump(server.redis)).not.toEqual(before)
  })
})

test.each(TRANSITIONS)('$name is one command to Redis', async ({ act }) => {
  const { transitions, run, lease, setHolder } = await start()
  // The first call may have to send the script itself.
  await act(transitions, run, lease)
  await setHolder(TOKEN)
  const monitor = await server.redis.monitor()
  onTestFinished(() => monitor.disconnect())
  const commands: string[] = []
  const { promise: done, resolve } = Promise.withResolvers<void>()
  monitor.on('monitor', (_time: string, [command = '']: string[], source: string) => {
    if (command.toLowerCase() === 'echo') resolve()
    else if (source !== 'lua') commands.push(command.toLowerCase())
  })
  await act(transitions, run, lease)
  await server.redis.echo('done')
  await done
  expect(commands).toEqual(['evalsha'])
})

describe('begin', () => {
  test('begin knows nothing about a new alert', async () => {
    const { begin } = await start()
    expect(await begin()).toEqual({
      resolved: undefined,
      coolingAfter: undefined,
      nextJob: 0,
      cancelledBy: undefined,
      inDoubt: undefined,
      isMarked: false,
    })
  })

  test('begin returns all flags of its run and alert', async () => {
    const { begin, run, transitions, lease } = await start()
    const { redis } = server
    const flags = createRunFlags(redis, PREFIX)
    const mark = { endedAt: 5, receivedAt: 7 }
    await flags.markResolved([{ alertId: alertId(run, run.alert), mark }], HOUR)
    await flags.requestCancel(run.id, 'ada')
    await redis.set(`${PREFIX}:cooldown:${run.alertKey}`, 'run-1')
    await redis.set(`${PREFIX}:next-job:${run.alertKey}`, 3)
    await transitions.markInDoubt(run, lease, { from: 9, job: 3 })
    expect(await begin()).toEqual({
      resolved: mark,
      coolingAfter: 'run-1',
      nextJob: 3,
      cancelledBy: 'ada',
      inDoubt: { since: 9, job: 3 },
      isMarked: false,
    })
    const other = await start({ run: { id: 'other', alert: makeAlert({ alertname: 'Other' }) } })
    expect(await other.begin()).toMatchObject({ resolved: undefined, coolingAfter: undefined, nextJob: 0 })
    expect(await other.begin()).toMatchObject({ cancelledBy: undefined, inDoubt: undefined })
  })

  test('begin finds the end of a run’s alert whatever the run’s own status', async () => {
    const { begin, run } = await start({ run: { alert: makeAlert({ status: 'resolved' }) } })
    const mark = { receivedAt: 7 }
    await createRunFlags(server.redis, PREFIX).markResolved([{ alertId: alertId(makeRun(), run.alert), mark }], HOUR)
    expect((await begin()).resolved).toEqual(mark)
  })

  test('begin renews the lease', async () => {
    const { begin, lease } = await start()
    await begin()
    expect(await server.redis.pttl(lease.lockKey)).toBeGreaterThan(LEASE_MS / 2)
  })

  test('begin marks a create as in doubt only when asked, and returns the value from before its own mark', async () => {
    const { begin } = await start()
    expect(await begin()).toMatchObject({ inDoubt: undefined, isMarked: false })
    expect(await begin(8)).toMatchObject({ inDoubt: undefined, isMarked: true })
    expect(await begin(9)).toMatchObject({ inDoubt: { since: 8, job: 0 }, isMarked: false })
    expect(await begin()).toMatchObject({ inDoubt: { since: 8, job: 0 }, isMarked: false })
  })

  test('begin that is sent again after a lost answer takes its own mark for none of an earlier attempt', async () => {
    const { begin } = await start()
    await begin(8)
    expect(await begin(8)).toMatchObject({ inDoubt: undefined, isMarked: true })
  })

  test.each(['resolved', 'cooldown', 'cancel'])('begin marks nothing when the flag %s is set', async (flag) => {
    const { begin, run } = await start()
    const key = { resolved: alertId(run, run.alert), cooldown: run.alertKey, cancel: run.id }[flag]
    await server.redis.set(`${PREFIX}:${flag}:${key}`, flag === 'resolved' ? '{"receivedAt":1}' : 'x')
    expect(await begin(8)).toMatchObject({ isMarked: false })
    expect(await begin()).toMatchObject({ inDoubt: undefined })
  })

  test('begin uses the deduplication id of a run without alert key as its alert key', async () => {
    const { begin, run } = await start({ run: { alertKey: undefined } })
    await server.redis.set(`${PREFIX}:cooldown:${run.dedupId}`, 'run-1')
    await server.redis.set(`${PREFIX}:next-job:${run.dedupId}`, 2)
    expect(await begin()).toMatchObject({ coolingAfter: 'run-1', nextJob: 2 })
  })

  test.each([
    ['not JSON', 'is not valid JSON'],
    ['{"endedAt":5}', 'receivedAt'],
  ])('begin rejects %j as the end of an alert', async (stored, message) => {
    const { begin, run } = await start()
    await server.redis.set(`${PREFIX}:resolved:${alertId(run, run.alert)}`, stored)
    await expect(begin()).rejects.toThrow(message)
  })
})

describe('a create in doubt', () => {
  test('a create in doubt keeps the time of the first mark and the number of the last, until it is cleared', async () => {
    const { begin, transitions, run, lease } = await start()
    await transitions.markInDoubt(run, lease, { from: 7, job: 0 })
    await transitions.markInDoubt(run, lease, { from: 8, job: 1 })
    expect((await begin()).inDoubt).toEqual({ since: 7, job: 1 })
    await transitions.clearInDoubt(lease)
    expect((await begin()).inDoubt).toBeUndefined()
    await transitions.markInDoubt(run, lease, { from: 9, job: 3 })
    expect((await begin()).inDoubt).toEqual({ since: 9, job: 3 })
  })

  test('a create in doubt of an older version comes first, and has no number', async () => {
    const { begin, transitions, run, lease } = await start()
    await server.redis.hset(lease.runKey, 'unansweredSince', 5)
    expect((await begin(7)).inDoubt).toEqual({ since: 5, job: undefined })
    await transitions.markInDoubt(run, lease, { from: 8, job: 1 })
    expect((await begin()).inDoubt).toEqual({ since: 5, job: undefined })
  })

  test('markInDoubt renews the lease', async () => {
    const { transitions, run, lease } = await start()
    await transitions.markInDoubt(run, lease, { from: 7, job: 0 })
    expect(await server.redis.pttl(lease.lockKey)).toBeGreaterThan(LEASE_MS / 2)
  })
})

describe('finish', () => {
  test('finish saves the run', async () => {
    const { transitions, run, lease } = await start()
    await transitions.finish(withResult(run), lease, { ...ENDING, data: '{"saved":true}' })
    expect(await server.redis.hget(lease.runKey, 'data')).toBe('{"saved":true}')
  })

  test('finish keeps fields of a newer version in the run', async () => {
    const { transitions, run, lease } = await start()
    const ended = withResult(withJob(run))
    const stored = { ...run, news: { of: 'a newer version' } }
    await transitions.finish(ended, lease, { ...ENDING, data: serializeRun(stored, ended) })
    const saved = JSON.parse((await server.redis.hget(lease.runKey, 'data')) ?? '')
    expect(saved).toEqual({ ...stored, job: ended.job, result: ended.result })
  })

  test('finish starts the cooldown of its alert key with its run', async () => {
    const { transitions, run, lease } = await start()
    await transitions.finish(withResult(withJob(run)), lease, { ...ENDING, cooldownMs: 60_000 })
    const flags = createRunFlags(server.redis, PREFIX)
    expect(await flags.coolingDown([run.alertKey ?? '', run.dedupId])).toEqual([run.id, null])
    const left = await server.redis.pttl(`${PREFIX}:cooldown:${run.alertKey}`)
    expect(left).toBeGreaterThan(30_000)
    expect(left).toBeLessThanOrEqual(60_000)
  })

  test('finish with a cooldown of 0 starts none and leaves one that is on', async () => {
    const { transitions, run, lease } = await start()
    const [flags, ended] = [createRunFlags(server.redis, PREFIX), withResult(withJob(run))]
    await transitions.finish(ended, lease, ENDING)
    expect(await flags.coolingDown([run.alertKey ?? ''])).toEqual([null])
    await server.redis.set(`${PREFIX}:cooldown:${run.alertKey}`, 'run-1')
    await transitions.finish(ended, lease, ENDING)
    expect(await flags.coolingDown([run.alertKey ?? ''])).toEqual(['run-1'])
  })

  test('finish counts on from the number that its run has claimed', async () => {
    const { begin, transitions, run, lease } = await start()
    await begin(AT)
    await transitions.finish(withResult(withJob(run, 0)), lease, ENDING)
    expect((await begin()).nextJob).toBe(1)
    await transitions.markInDoubt(run, lease, { from: AT, job: 4 })
    expect((await begin()).nextJob).toBe(4)
    await transitions.finish(withResult(withJob(run, 4)), lease, ENDING)
    expect((await begin()).nextJob).toBe(5)
  })

  test('finish does not count on from a number that another run has claimed since', async () => {
    const [first, second] = [await start({ run: { id: 'run-1' } }), await start({ run: { id: 'run-2' } })]
    await first.begin(AT)
    await second.begin(AT)
    await first.transitions.finish(withResult(withJob(first.run, 0)), first.lease, ENDING)
    expect((await second.begin()).nextJob).toBe(0)
    await second.transitions.finish(withResult(withJob(second.run, 0)), second.lease, ENDING)
    expect((await second.begin()).nextJob).toBe(1)
  })

  test('a lower number than the next one is not claimed', async () => {
    const { begin, transitions, run, lease } = await start()
    await transitions.markInDoubt(run, lease, { from: AT, job: 4 })
    await transitions.markInDoubt(run, lease, { from: AT, job: 2 })
    expect((await begin()).nextJob).toBe(4)
    await transitions.finish(withResult(withJob(run, 2)), lease, ENDING)
    expect((await begin()).nextJob).toBe(4)
  })

  test('finish of a run without a Job leaves cooldown and next Job number unchanged', async () => {
    const { begin, transitions, run, lease } = await start()
    await transitions.finish(withResult(run), lease, ENDING)
    expect(await begin()).toMatchObject({ coolingAfter: undefined, nextJob: 0 })
    expect(await server.redis.keys(`${PREFIX}:[cn]*`)).toEqual([])
  })

  test('finish leaves the next Job number unchanged when the Job’s name has no number', async () => {
    const { begin, transitions, run, lease } = await start()
    const job = { namespace: 'openfero', name: 'cleanup-disk', uid: 'u', createdAt: AT }
    await transitions.finish(withResult({ ...run, job }), lease, ENDING)
    expect((await begin()).nextJob).toBe(0)
    await server.redis.set(`${PREFIX}:next-job:${run.alertKey}`, 3)
    await transitions.finish(withResult({ ...run, job }), lease, ENDING)
    expect((await begin()).nextJob).toBe(3)
  })
})

describe('the history', () => {
  test('the history has a run from its begin on, and its result from its finish on', async () => {
    const { begin, transitions, run, lease, reader } = await start()
    await begin()
    expect(await reader.get(run.id)).toMatchObject({ startedAt: AT, result: undefined })
    expect(await reader.count({ outcomes: ['running'] })).toBe(1)
    const ended = withResult(withJob(run))
    const jobTimes = { startedAt: AT + 1, endedAt: AT + 2 }
    await transitions.finish(ended, lease, { ...ENDING, jobTimes })
    const { job, result } = ended
    expect(await reader.get(run.id)).toMatchObject({ startedAt: AT, job, result, jobTimes })
    expect(await reader.count({ outcomes: ['running'] })).toBe(0)
  })

  test('the history counts a run once and keeps its first result', async () => {
    const { begin, transitions, run, lease, reader } = await start()
    await begin()
    await transitions.begin(run, lease, { at: AT + 1, inDoubtFrom: undefined })
    await transitions.finish(withResult(run), lease, ENDING)
    const late = { outcome: 'failed', reason: 'late', finishedAt: AT + 20 } as const
    await transitions.finish({ ...run, result: late }, lease, ENDING)
    expect(await reader.get(run.id)).toMatchObject({ startedAt: AT, result: withResult(run).result })
    const [stats] = await reader.readStats({ from: AT, to: AT + 1, step: 1 })
    expect(stats?.outcomes).toEqual({ succeeded: 1 })
  })

  test('a history that fails is reported and stops no transition', async () => {
    const { begin, transitions, run, lease, historyErrors } = await start()
    await server.redis.set(`${PREFIX}:history:index:all`, 'a string')
    expect(await begin(7)).toMatchObject({ nextJob: 0, inDoubt: undefined })
    expect(historyErrors).toEqual([expect.stringContaining('WRONGTYPE')])
    const ended = withResult(withJob(run, 4))
    await transitions.finish(ended, lease, { ...ENDING, data: '{"saved":true}', cooldownMs: HOUR })
    expect(historyErrors).toHaveLength(2)
    expect(await server.redis.hget(lease.runKey, 'data')).toBe('{"saved":true}')
    expect(await begin()).toMatchObject({ coolingAfter: run.id, inDoubt: { since: 7, job: 0 } })
  })

  test('a history that works reports nothing', async () => {
    const { begin, transitions, run, lease, historyErrors } = await start()
    await begin()
    await transitions.finish(withResult(run), lease, ENDING)
    expect(historyErrors).toEqual([])
  })
})

test('every key of a transition has the prefix and expires, except the run itself', async () => {
  const { begin, transitions, run, lease } = await start()
  await begin(AT)
  await transitions.markInDoubt(run, lease, { from: AT, job: 0 })
  await transitions.finish(withResult(withJob(run)), lease, { ...ENDING, cooldownMs: HOUR })
  await transitions.clearInDoubt(lease)
  const keys = (await server.redis.keys('*')).filter((key) => key !== lease.runKey)
  expect(keys).toEqual(
    expect.arrayContaining([`${PREFIX}:cooldown:${run.alertKey}`, `${PREFIX}:next-job:${run.alertKey}`]),
  )
  for (const key of keys) {
    expect(key).toMatch(/^\{test\}:/)
    expect({ key, left: await server.redis.pttl(key) }).toEqual({ key, left: expect.toSatisfy(isPositive) })
  }
})

const isPositive = (left: number) => left > 0

interface Start {
  run?: Partial<Run>
  redis?: Redis
}

/** A run that this worker has a lease on, with five seconds left. */
async function start({ run: overrides, redis = server.redis }: Start = {}) {
  const run = makeRun(overrides)
  const lease = leaseOf(PREFIX, run.id, TOKEN, LEASE_MS)
  const setHolder = (holder: string | undefined) =>
    holder === undefined ? server.redis.del(lease.lockKey) : server.redis.set(lease.lockKey, holder, 'PX', 5_000)
  await server.redis.hset(lease.runKey, 'data', JSON.stringify(run))
  await setHolder(TOKEN)
  const historyErrors: string[] = []
  const transitions = createTransitions({
    redis,
    prefix: PREFIX,
    history: createHistoryEncoder({ historyMaxAge: 24 * HOUR, historyMaxRuns: 1_000 }),
    onHistoryError: ({ message }) => historyErrors.push(message),
  })
  return {
    run,
    lease,
    setHolder,
    historyErrors,
    transitions,
    reader: createHistoryReader(server.redis, PREFIX),
    begin: (inDoubtFrom?: number) => transitions.begin(run, lease, { at: AT, inDoubtFrom }),
  }
}

function withJob(run: Run, number = 0): Run {
  const name = jobName('cleanup', run.alertKey ?? run.dedupId, number)
  return { ...run, job: { namespace: 'openfero', name, uid: 'u', createdAt: AT } }
}

function withResult(run: Run) {
  return { ...run, result: { outcome: 'succeeded', reason: 'because', finishedAt: AT + 10 } as const }
}
