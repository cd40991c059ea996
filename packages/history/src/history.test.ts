import { alertId, parseMatchers } from '@opifer/core'
import type { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { historyBase } from './keys.ts'
import { parseCursor, type RunQuery } from './read/query.ts'
import {
  HOUR,
  makeHistory,
  makeNumberedRun,
  OPERARIO,
  PREFIX,
  startTestRedis,
  T0,
  withJob,
  withResult,
} from './testing/helpers.ts'
import { createHistoryEncoder } from './write/encoder.ts'
import { HISTORY_LUA } from './write/lua.ts'
import { createHistoryWriter, createRepeatCounter } from './write/writer.ts'

const db = startTestRedis()

type Recorder = ReturnType<typeof makeHistory>['recorder']

describe('a record', () => {
  test('a record holds the run from its first attempt to its end', async () => {
    const { recorder, writer, reader } = makeHistory(db.redis)
    const run = makeNumberedRun(1)
    await recorder.began(run, T0 + 11)
    expect(await reader.get(run.id)).toEqual({
      id: run.id,
      run: {
        dedupId: run.dedupId,
        alertKey: run.alertKey,
        receiver: run.receiver,
        groupKey: run.groupKey,
        receivedAt: run.receivedAt,
        alert: run.alert,
      },
      startedAt: T0 + 11,
      attempts: 0,
      errors: [],
      repeats: 0,
    })
    await writer.attemptFailed(run.id, { at: T0 + 20, message: 'the API server did not answer' })
    const ended = withResult(withJob(run), 'failed', {
      reason: 'exit code 3',
      log: 'no backup',
      exits: [{ pod: 'p', container: 'c', exitCode: 3 }],
    })
    await recorder.ended(ended, { startedAt: T0 + 80, endedAt: T0 + 900 })
    expect(await reader.get(run.id)).toMatchObject({
      startedAt: T0 + 11,
      attempts: 1,
      errors: [{ at: T0 + 20, message: 'the API server did not answer' }],
      job: ended.job,
      operario: ended.operario,
      jobTimes: { startedAt: T0 + 80, endedAt: T0 + 900 },
      result: ended.result,
    })
  })

  test('a record of an open run has the Operario and Job that the queue knows', async () => {
    const { recorder, reader } = makeHistory(db.redis)
    const run = withJob(makeNumberedRun(1))
    await recorder.began(run, T0)
    await recorder.created(run)
    expect(await reader.get(run.id)).toMatchObject({ job: run.job, operario: run.operario })
    const { runs } = await reader.page({ operario: OPERARIO, text: 'CLEANUP-1' }, { limit: 5 })
    expect(runs).toMatchObject([{ id: run.id, job: run.job, operario: run.operario }])
  })

  test.each(['', '{"job":', 'null', '[]', '{"job":{"name":1}}'])(
    'a record of an open run is readable if the queue holds %j',
    async (data) => {
      const { recorder, reader } = makeHistory(db.redis)
      const run = makeNumberedRun(1)
      await recorder.began(run, T0)
      await db.redis.hset(`${PREFIX}:runs:${run.id}`, 'data', data)
      const record = await reader.get(run.id)
      expect(record).toMatchObject({ id: run.id, startedAt: T0 })
      expect(record).toMatchObject({ job: undefined, operario: undefined })
    },
  )

  test('a run that ends without a recorded beginning has a whole record', async () => {
    const { recorder, reader } = makeHistory(db.redis)
    const run = withResult(withJob(makeNumberedRun(1)))
    await recorder.ended(run)
    expect(await reader.get(run.id)).toMatchObject({ result: run.result, job: run.job, operario: run.operario })
    expect((await reader.page({}, { limit: 10 })).runs).toHaveLength(1)
    expect(await reader.count({ outcomes: ['running'] })).toBe(0)
  })

  test('a run whose record expired before its end has a whole record', async () => {
    const { recorder, reader } = makeHistory(db.redis)
    const run = withResult(withJob(makeNumberedRun(1)))
    await recorder.began(run, T0)
    await db.redis.del(`${PREFIX}:history:run:${run.id}`)
    await recorder.ended(run)
    expect(await reader.get(run.id)).toMatchObject({ result: run.result, job: run.job, operario: run.operario })
    expect(await db.redis.pttl(`${PREFIX}:history:run:${run.id}`)).toBeGreaterThan(0)
    expect(await reader.count({ outcomes: ['running'] })).toBe(0)
  })

  test('a record of a retry names the first run and who requested it', async () => {
    const { recorder, reader } = makeHistory(db.redis)
    await recorder.began(makeNumberedRun(1, { retryOf: 'run-0', requestedBy: 'ada' }), T0)
    expect((await reader.get('run-000001'))?.run).toMatchObject({ retryOf: 'run-0', requestedBy: 'ada' })
  })

  test('a record keeps the last twenty errors, and counts all', async () => {
    const { recorder, writer, reader } = makeHistory(db.redis)
    await recorder.began(makeNumberedRun(1), T0)
    for (let at = 1; at <= 30; at++) await writer.attemptFailed('run-000001', { at, message: `attempt ${at}` })
    const record = await reader.get('run-000001')
    expect(record?.attempts).toBe(30)
    expect(record?.errors.map(({ at }) => at)).toEqual(Array.from({ length: 20 }, (_, index) => index + 11))
  })

  test('an unknown run has no record, nor has one that was only repeated', async () => {
    const { reader } = makeHistory(db.redis)
    await createRepeatCounter(db.redis, PREFIX)(['run-000001'], T0)
    expect(await reader.get('run-000001')).toBeUndefined()
    expect(await reader.get('nothing')).toBeUndefined()
  })

  test('a record counts repeats from before its run began', async () => {
    const { recorder, reader } = makeHistory(db.redis)
    const count = createRepeatCounter(db.redis, PREFIX)
    await count(['run-000001', 'run-000002'], T0 + 1)
    await recorder.began(makeNumberedRun(1), T0 + 2)
    await count(['run-000001', 'run-000001'], T0 + 3)
    expect(await reader.get('run-000001')).toMatchObject({ repeats: 3, repeatedAt: T0 + 3 })
    expect(await db.redis.pttl(`${PREFIX}:history:run:run-000001`)).toBeGreaterThan(24 * HOUR)
  })

  test('a record that an older version wrote is found, ended and dropped', async () => {
    const { recorder, reader } = makeHistory(db.redis, { historyMaxRuns: 1 })
    const { id, ...run } = withJob(makeNumberedRun(1))
    const record = `${PREFIX}:history:run:${id}`
    const indexes = ['all', 'open', 'status:firing', 'alertname:DiskSpaceLow', `operario:${OPERARIO}`]
    await db.redis.hset(record, 'run', JSON.stringify(run), 'startedAt', T0, 'indexes', indexes.join('\n'))
    await db.redis.hset(record, 'job', JSON.stringify(run.job), 'operario', JSON.stringify(run.operario))
    for (const index of indexes) await db.redis.zadd(`${PREFIX}:history:index:${index}`, run.receivedAt, id)
    expect((await reader.page({ alertname: 'DiskSpaceLow' }, { limit: 1 })).runs).toMatchObject([{ id, job: run.job }])
    await recorder.ended(withResult({ id, ...run }))
    expect(await reader.get(id)).toMatchObject({ startedAt: T0, job: run.job, result: { outcome: 'succeeded' } })
    await recorder.ended(withResult(makeNumberedRun(2)))
    expect(await indexed(db.redis)).toEqual(new Set(['run-000002']))
  })
})

describe('recording twice', () => {
  test('a second recording of a run changes nothing', async () => {
    const { recorder, writer, reader } = makeHistory(db.redis)
    const run = withJob(makeNumberedRun(1))
    const write = async (later: number) => {
      await recorder.began(run, T0 + 10 + later)
      await writer.attemptFailed(run.id, { at: T0 + 20, message: 'again' })
      await recorder.ended(withResult(run, 'succeeded', { finishedAt: T0 + 1_000 + later }))
    }
    await write(0)
    const before = await dump(db.redis)
    const [stats] = await reader.readStats({ from: T0, to: T0 + 1, step: 1 })
    await write(5)
    expect(await dump(db.redis)).toEqual(before)
    expect(stats).toMatchObject({ outcomes: { succeeded: 1 }, waiting: { count: 1 }, toJob: { count: 1 } })
  })

  test('a run keeps its first outcome', async () => {
    const { recorder, reader } = makeHistory(db.redis)
    await recorder.ended(withResult(makeNumberedRun(1), 'succeeded'))
    await recorder.ended(withResult(makeNumberedRun(1), 'lost'))
    expect((await reader.get('run-000001'))?.result?.outcome).toBe('succeeded')
    expect(await reader.count({ outcomes: ['lost'] })).toBe(0)
  })

  test('an ended run does not begin again', async () => {
    const { recorder, reader } = makeHistory(db.redis)
    await recorder.ended(withResult(makeNumberedRun(1)))
    await recorder.began(makeNumberedRun(1), T0 + 5)
    expect(await reader.count({ outcomes: ['running'] })).toBe(0)
    expect(await reader.readStats({ from: T0, to: T0 + 1, step: 1 })).toMatchObject([{ waiting: { count: 0 } }])
  })
})

describe('embedding', () => {
  const settings = { historyMaxAge: HOUR, historyMaxRuns: 10 }

  test('a script records a run from arguments behind its own', async () => {
    const { reader } = makeHistory(db.redis)
    const encoder = createHistoryEncoder(settings)
    const run = withResult(withJob(makeNumberedRun(1)))
    const script = `${HISTORY_LUA}
      recordBegan(KEYS[1], 3)
      recordEnded(KEYS[1], tonumber(ARGV[1]))
      return ARGV[2]`
    const began = encoder.began(run, T0 + 5)
    const args = [3 + began.length, 'own', ...began, ...encoder.ended(run)]
    expect(await db.redis.eval(script, 1, historyBase(PREFIX), ...args)).toBe('own')
    expect(await reader.get(run.id)).toMatchObject({ startedAt: T0 + 5, result: run.result, job: run.job })
  })

  test.each([
    ['recordBegan', createHistoryEncoder(settings).began(makeNumberedRun(1), T0)],
    ['recordEnded', createHistoryEncoder(settings).ended(withResult(makeNumberedRun(1)))],
  ])('an error of Redis does not stop the script that embeds %s, which receives its text', async (record, args) => {
    await db.redis.set(`${PREFIX}:history:index:all`, 'not an index')
    const script = `${HISTORY_LUA}
      local err = ${record}(KEYS[1], 1)
      redis.call('SET', KEYS[1] .. 'own', 'done')
      return err`
    expect(await db.redis.eval(script, 1, historyBase(PREFIX), ...args)).toMatch(/WRONGTYPE/)
    expect(await db.redis.get(`${PREFIX}:history:own`)).toBe('done')
  })

  test('the writer reports an error instead of throwing it', async () => {
    const errors: unknown[] = []
    await db.redis.set(`${PREFIX}:history:run:run-1`, 'not a record')
    const writer = createHistoryWriter(db.redis, PREFIX, settings, (err) => errors.push(err))
    await writer.attemptFailed('run-1', { at: T0, message: 'once' })
    expect(errors).toMatchObject([{ message: expect.stringContaining('WRONGTYPE') }])
  })
})

describe('retention', () => {
  test('retention by count drops the oldest run from every index', async () => {
    const { recorder, reader } = makeHistory(db.redis, { historyMaxRuns: 3 })
    for (let number = 1; number <= 8; number++) {
      const run = withJob(makeNumberedRun(number, { labels: { instance: `node-${number}` } }))
      await recorder.began(run, T0 + number)
      await recorder.ended(withResult(run, number % 2 ? 'failed' : 'succeeded'))
    }
    expect(await idsOf(reader.page({}, { limit: 10 }))).toEqual(['run-000008', 'run-000007', 'run-000006'])
    expect(await indexed(db.redis)).toEqual(new Set(['run-000008', 'run-000007', 'run-000006']))
    expect(await reader.get('run-000005')).toBeUndefined()
  })

  test('retention by count leaves nothing of a run that ends after enough newer ones, and counts its end', async () => {
    const { recorder, reader } = makeHistory(db.redis, { historyMaxRuns: 3 })
    const runs = Array.from({ length: 8 }, (_, index) => withJob(makeNumberedRun(index + 1)))
    for (const run of runs) await recorder.began(run, T0)
    for (const run of runs) await recorder.ended(withResult(run))
    const kept = new Set(['run-000008', 'run-000007', 'run-000006'])
    expect(await indexed(db.redis)).toEqual(kept)
    const records = await db.redis.keys(`${PREFIX}:history:run:*`)
    expect(new Set(records.map((key) => key.split(':').at(-1)))).toEqual(kept)
    expect(await reader.readStats({ from: T0, to: T0 + 1, step: 1 })).toMatchObject([{ outcomes: { succeeded: 8 } }])
  })

  test('retention by age removes old runs from every index in use', async () => {
    const { recorder } = makeHistory(db.redis, { historyMaxAge: HOUR })
    const later = 2 * HOUR
    for (let number = 0; number < 50; number++) await recorder.ended(withResult(makeNumberedRun(number)))
    for (let number = later; number < later + 50; number++) await recorder.ended(withResult(makeNumberedRun(number)))
    const ids = await indexed(db.redis)
    expect([...ids].filter((id) => id < `run-${later}`)).toEqual([])
    expect(ids.size).toBe(50)
  })

  test('retention by age removes old runs that are still open', async () => {
    const { recorder, reader } = makeHistory(db.redis, { historyMaxAge: HOUR })
    for (let number = 0; number < 50; number++) await recorder.began(makeNumberedRun(number), T0 + number)
    await recorder.began(makeNumberedRun(2 * HOUR), T0 + 2 * HOUR)
    expect(await reader.count({ outcomes: ['running'] })).toBe(1)
    expect(await reader.count({})).toBe(1)
  })

  test('every key expires', async () => {
    const { recorder, writer } = makeHistory(db.redis)
    const run = withJob(makeNumberedRun(1))
    await recorder.began(run, T0)
    await recorder.ended(withResult(run))
    await recorder.ended(withResult(withJob(makeNumberedRun(2)), 'failed'))
    await writer.attemptFailed('run-9', { at: 1, message: 'x' })
    await createRepeatCounter(db.redis, PREFIX)(['run-000001', 'run-000002'], T0)
    const keys = await db.redis.keys('*')
    const expiries = await Promise.all(keys.map((key) => db.redis.pttl(key)))
    expect(Math.min(...expiries)).toBeGreaterThan(0)
    expect(Math.max(...expiries)).toBeLessThanOrEqual(25 * HOUR)
  })

  test('every key expires after an index was emptied and filled again', async () => {
    const { recorder } = makeHistory(db.redis, { historyMaxRuns: 1 })
    for (let number = 0; number < 20; number++) {
      const run = withJob(makeNumberedRun(number))
      await recorder.began(run, T0)
      expect(await keysWithoutExpiry()).toEqual([])
      await recorder.ended(withResult(run, number % 3 ? 'failed' : 'succeeded'))
      expect(await keysWithoutExpiry()).toEqual([])
    }
  })

  test('an index is kept for as long as runs are added', async () => {
    const { recorder } = makeHistory(db.redis)
    await recorder.ended(withResult(withJob(makeNumberedRun(1))))
    const indexes = await db.redis.keys(`${PREFIX}:history:index:*`)
    for (const key of indexes) await db.redis.pexpire(key, 23 * HOUR)
    await recorder.began(makeNumberedRun(2), T0 + HOUR)
    await recorder.ended(withResult(withJob(makeNumberedRun(2)), 'succeeded', { finishedAt: T0 + 2 * HOUR }))
    for (const key of indexes) expect(await db.redis.pttl(key)).toBeGreaterThan(24 * HOUR)
  })
})

describe('an index', () => {
  const instance = makeNumberedRun(30, { labels: { instance: 'node-1' } })
  const named = makeNumberedRun(30, { labels: { alertname: 'Other' } })
  const withOperario = withJob(instance)

  test.each<[part: string, query: RunQuery, record: (recorder: Recorder) => Promise<void>, count: number | undefined]>([
    ['outcome', { outcomes: ['failed'] }, (recorder) => recorder.ended(withResult(instance, 'failed')), 1],
    ['being open', { outcomes: ['running'] }, (recorder) => recorder.began(instance, T0), 1],
    ['alertname', { alertname: 'Other' }, (recorder) => recorder.ended(withResult(named)), 1],
    ['alertname matcher', matching('alertname="Other"'), (recorder) => recorder.ended(withResult(named)), undefined],
    ['Operario', { operario: OPERARIO }, (recorder) => recorder.ended(withResult(withOperario)), undefined],
    ['Operario, though open', { operario: OPERARIO }, (recorder) => openWithJob(recorder), undefined],
    ['alert id', { alertId: alertId(instance, instance.alert) }, (recorder) => recorder.ended(withResult(instance)), 1],
    [
      'its most selective part',
      { alertname: 'DiskSpaceLow', outcomes: ['failed', 'lost'] },
      (recorder) => recorder.ended(withResult(instance, 'lost')),
      undefined,
    ],
  ])('a page finds one run among many by %s, without a look at others', async (_, query, record, count) => {
    const { recorder, reader } = makeHistory(db.redis)
    for (let number = 1; number < 60; number++) {
      await (number === 30 ? record(recorder) : recorder.ended(withResult(makeNumberedRun(number))))
    }
    await db.redis.config('RESETSTAT')
    const page = await reader.page(query, { limit: 10 })
    expect(page).toMatchObject({ runs: [{ id: 'run-000030' }], next: undefined, complete: true })
    expect(await db.redis.info('commandstats')).toContain('cmdstat_hmget:calls=1,')
    expect(await reader.count(query)).toBe(count)
  })

  test.each<[part: string, query: RunQuery]>([
    ['status', { status: 'resolved' }],
    ['group key', { groupKey: 'other' }],
    ['label', matching('instance="node-1"')],
  ])('a page finds one run among many by %s, by a look at each', async (_, query) => {
    const { recorder, reader } = makeHistory(db.redis)
    const wanted = { ...instance, groupKey: 'other', alert: { ...instance.alert, status: 'resolved' as const } }
    for (let number = 1; number < 60; number++) {
      await recorder.ended(withResult(number === 30 ? wanted : makeNumberedRun(number)))
    }
    const page = await reader.page(query, { limit: 10 })
    expect(page).toMatchObject({ runs: [{ id: 'run-000030' }], next: undefined, complete: true })
    expect(await reader.count(query)).toBeUndefined()
  })

  test('a count covers the times asked for', async () => {
    const { recorder, reader } = makeHistory(db.redis)
    for (let number = 0; number < 9; number++) await recorder.began(makeNumberedRun(number), T0)
    expect(await reader.count({})).toBe(9)
    expect(await reader.count({ outcomes: ['running'], from: T0 + 2, to: T0 + 6 })).toBe(4)
  })

  test('a page skips expired records', async () => {
    const { recorder, reader } = makeHistory(db.redis)
    for (let number = 1; number <= 5; number++) await recorder.began(makeNumberedRun(number), T0)
    await db.redis.del(`${PREFIX}:history:run:run-000003`)
    expect(await idsOf(reader.page({ alertname: 'DiskSpaceLow' }, { limit: 10 }))).toEqual([
      'run-000005',
      'run-000004',
      'run-000002',
      'run-000001',
    ])
  })

  async function openWithJob(recorder: Recorder): Promise<void> {
    await recorder.began(withOperario, T0)
    await recorder.created(withOperario)
  }
})

describe('a page', () => {
  test.each<[name: string, query: RunQuery]>([
    ['one index', { alertname: 'DiskSpaceLow' }],
    ['several indexes', { outcomes: ['running', 'failed', 'succeeded'] }],
  ])('pages of %s follow each other without a gap or a repeat while runs come in', async (_, query) => {
    const { recorder, reader } = makeHistory(db.redis)
    // Ten runs of each webhook have the same time.
    const add = async (number: number) => {
      const run = { ...makeNumberedRun(number), receivedAt: T0 + Math.floor(number / 10) }
      await recorder.began(run, T0)
      if (number % 3 > 0) await recorder.ended(withResult(run, number % 3 === 1 ? 'failed' : 'succeeded'))
    }
    for (let number = 0; number < 95; number++) await add(number)
    const seen: string[] = []
    let cursor = undefined as string | undefined
    let added = 95
    do {
      const page = await reader.page(query, { limit: 7, cursor: parse(cursor) })
      seen.push(...page.runs.map(({ id }) => id))
      for (let more = 0; more < 5; more++) await add(added++)
      cursor = page.next
    } while (cursor)
    expect(seen).toEqual(Array.from({ length: 95 }, (_unused, index) => makeNumberedRun(94 - index).id))
  })

  test('a page lists a run once if two indexes hold it, as when it ends between two reads', async () => {
    const { recorder, reader } = makeHistory(db.redis)
    for (let number = 0; number < 5; number++) await recorder.ended(withResult(makeNumberedRun(number), 'failed'))
    await db.redis.zadd(`${PREFIX}:history:index:open`, T0 + 2, 'run-000002')
    const { runs } = await reader.page({ outcomes: ['running', 'failed'] }, { limit: 5 })
    expect(runs.map(({ id }) => id)).toEqual([4, 3, 2, 1, 0].map((number) => makeNumberedRun(number).id))
  })

  test('a page stays within its budget, and says if it has not tested every run', async () => {
    const { recorder, reader } = makeHistory(db.redis)
    await Promise.all(Array.from({ length: 2_500 }, (_, number) => recorder.began(makeNumberedRun(number), T0)))
    const pages = []
    let cursor = undefined as string | undefined
    do {
      const page = await reader.page({ text: 'run-000003' }, { limit: 10, cursor: parse(cursor) })
      pages.push(page)
      cursor = page.next
    } while (cursor)
    expect(pages.map(({ complete }) => complete)).toEqual([false, false, true])
    expect(pages.flatMap(({ runs }) => runs.map(({ id }) => id))).toEqual(['run-000003'])
  })
})

async function idsOf(page: Promise<{ runs: { id: string }[] }>): Promise<string[]> {
  return (await page).runs.map(({ id }) => id)
}

async function keysWithoutExpiry(): Promise<string[]> {
  const keys = await db.redis.keys('*')
  const expiries = await Promise.all(keys.map((key) => db.redis.pttl(key)))
  return keys.filter((_, index) => (expiries[index] ?? 0) < 0)
}

async function indexed(redis: Redis): Promise<Set<string>> {
  const keys = await redis.keys(`${PREFIX}:history:index:*`)
  return new Set((await Promise.all(keys.map((key) => redis.zrange(key, '0', '-1')))).flat())
}

async function dump(redis: Redis): Promise<unknown> {
  const keys = (await redis.keys('*')).sort()
  return Promise.all(
    keys.map(async (key) => [
      key,
      (await redis.type(key)) === 'hash' ? await redis.hgetall(key) : await redis.zrange(key, '0', '-1', 'WITHSCORES'),
    ]),
  )
}

function parse(cursor: string | undefined) {
  return cursor === undefined ? undefined : parseCursor(cursor)
}

function matching(text: string): RunQuery {
  const parsed = parseMatchers(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return { matchers: parsed.matchers }
}
