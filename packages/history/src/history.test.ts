import { type Alert, alertId, parseMatchers } from '@opifer/core'
import { describe, expect, test } from 'vitest'
import { ended, givenHistory, givenRedis, HOUR, OPERARIO, PREFIX, run, T0, withJob } from './testing/given.ts'
import { parseCursor, type RunQuery } from './query.ts'
import { createRepeatCounter } from './writer.ts'

const given = givenRedis()

describe('a record', () => {
  test('holds what became of a run, from the first turn to the end', async () => {
    const { writer, reader } = givenHistory(given.redis)
    const first = run(1)
    await writer.began(first, T0 + 11)
    expect(await reader.get(first.id)).toEqual({
      id: first.id,
      run: {
        dedupId: first.dedupId,
        receiver: first.receiver,
        groupKey: first.groupKey,
        receivedAt: first.receivedAt,
        alert: first.alert,
      },
      startedAt: T0 + 11,
      attempts: 0,
      errors: [],
      repeats: 0,
    })
    await writer.attemptFailed(first.id, { at: T0 + 20, message: 'the API server did not answer' })
    const created = withJob(first)
    await writer.created(created)
    const over = ended(created, 'failed', {
      reason: 'exit code 3',
      log: 'no backup',
      exits: [{ pod: 'p', container: 'c', exitCode: 3 }],
    })
    await writer.ended(over, undefined, { startedAt: T0 + 80, endedAt: T0 + 900 })
    expect(await reader.get(first.id)).toMatchObject({
      startedAt: T0 + 11,
      attempts: 1,
      errors: [{ at: T0 + 20, message: 'the API server did not answer' }],
      job: created.job,
      operario: created.operario,
      jobTimes: { startedAt: T0 + 80, endedAt: T0 + 900 },
      result: over.result,
    })
  })

  test('of a run that nobody saw begin is whole when it ends', async () => {
    const { writer, reader } = givenHistory(given.redis)
    const over = ended(withJob(run(1)))
    await writer.ended(over)
    expect(await reader.get(over.id)).toMatchObject({ result: over.result, job: over.job, operario: over.operario })
    expect((await reader.page({}, { limit: 10 })).runs).toHaveLength(1)
  })

  test('tells which run was tried again, and who asked', async () => {
    const { writer, reader } = givenHistory(given.redis)
    await writer.began(run(1, { retryOf: 'run-0', requestedBy: 'ada' }), T0)
    expect((await reader.get('run-000001'))?.run).toMatchObject({ retryOf: 'run-0', requestedBy: 'ada' })
  })

  test('keeps the last twenty errors, and counts all', async () => {
    const { writer, reader } = givenHistory(given.redis)
    await writer.began(run(1), T0)
    for (let at = 1; at <= 30; at++) await writer.attemptFailed('run-000001', { at, message: `attempt ${at}` })
    const record = await reader.get('run-000001')
    expect(record?.attempts).toBe(30)
    expect(record?.errors.map(({ at }) => at)).toEqual(Array.from({ length: 20 }, (_, index) => index + 11))
  })

  test('is not there for a run that is not known, or that was only repeated', async () => {
    const { reader } = givenHistory(given.redis)
    await createRepeatCounter(given.redis, PREFIX)(['run-000001'], T0)
    expect(await reader.get('run-000001')).toBeUndefined()
    expect(await reader.get('nothing')).toBeUndefined()
  })

  test('counts repeats, those that came before it too', async () => {
    const { writer, reader } = givenHistory(given.redis)
    const count = createRepeatCounter(given.redis, PREFIX)
    await count(['run-000001', 'run-000002'], T0 + 1)
    await writer.began(run(1), T0 + 2)
    await count(['run-000001', 'run-000001'], T0 + 3)
    expect(await reader.get('run-000001')).toMatchObject({ repeats: 3, repeatedAt: T0 + 3 })
  })
})

describe('written twice', () => {
  test('everything stays as it was', async () => {
    const { writer, reader } = givenHistory(given.redis)
    const created = withJob(run(1))
    const over = ended(created)
    const write = async () => {
      await writer.began(created, T0 + 10)
      await writer.attemptFailed(created.id, { at: T0 + 20, message: 'again' })
      await writer.created(created)
      await writer.ended(over)
    }
    await write()
    const before = await dump(given.redis)
    const [stats] = await reader.readStats({ from: T0, to: T0 + 1, step: 1 })
    await write()
    expect(await dump(given.redis)).toEqual(before)
    expect(stats).toMatchObject({
      outcomes: { succeeded: 1 },
      waiting: { count: 1, sum: 9 },
      toJob: { count: 1, sum: 70 },
    })
  })

  test('another end does not take the place of the first', async () => {
    const { writer, reader } = givenHistory(given.redis)
    await writer.ended(ended(run(1), 'succeeded'))
    await writer.ended(ended(run(1), 'lost'))
    expect((await reader.get('run-000001'))?.result?.outcome).toBe('succeeded')
    expect(await reader.count({ outcomes: ['lost'] })).toBe(0)
  })

  test('what a worker writes that has lost the run is nothing', async () => {
    const { writer, reader } = givenHistory(given.redis)
    const lock = { key: `${PREFIX}:runs:run-000001:lock`, token: 'mine' }
    await given.redis.set(lock.key, 'theirs')
    await writer.created(withJob(run(1)), lock)
    await writer.ended(ended(run(1)), lock)
    expect(await given.redis.keys(`${PREFIX}:history:*`)).toEqual([])
    await given.redis.set(lock.key, 'mine')
    await writer.ended(ended(run(1)), lock)
    expect(await reader.get('run-000001')).toBeDefined()
  })
})

describe('retention', () => {
  test('by count drops the oldest run from every index', async () => {
    const { writer, reader } = givenHistory(given.redis, { historyMaxRuns: 3 })
    for (let number = 1; number <= 8; number++) {
      const created = withJob(run(number, { labels: { instance: `node-${number}` } }))
      await writer.began(created, T0 + number)
      await writer.created(created)
      await writer.ended(ended(created, number % 2 ? 'failed' : 'succeeded'))
    }
    expect(await idsOf(reader.page({}, { limit: 10 }))).toEqual(['run-000008', 'run-000007', 'run-000006'])
    expect(await indexed(given.redis)).toEqual(new Set(['run-000008', 'run-000007', 'run-000006']))
    expect(await reader.get('run-000005')).toBeUndefined()
  })

  test('by count leaves nothing of a run that ends when so many newer ones are kept, and counts its end', async () => {
    const { writer, reader } = givenHistory(given.redis, { historyMaxRuns: 3 })
    const runs = Array.from({ length: 8 }, (_, index) => withJob(run(index + 1)))
    for (const one of runs) await writer.began(one, T0)
    for (const one of runs) {
      await writer.created(one)
      await writer.ended(ended(one))
    }
    const kept = new Set(['run-000008', 'run-000007', 'run-000006'])
    expect(await indexed(given.redis)).toEqual(kept)
    const records = await given.redis.keys(`${PREFIX}:history:run:*`)
    expect(new Set(records.map((key) => key.split(':').at(-1)))).toEqual(kept)
    expect(await reader.readStats({ from: T0, to: T0 + 1, step: 1 })).toMatchObject([{ outcomes: { succeeded: 8 } }])
  })

  test('by age takes old runs out of every index that is in use', async () => {
    const { writer } = givenHistory(given.redis, { historyMaxAge: HOUR })
    for (let number = 0; number < 50; number++) await writer.ended(ended(run(number)))
    const later = 2 * HOUR
    for (let number = later; number < later + 50; number++) await writer.ended(ended(run(number)))
    const ids = await indexed(given.redis)
    expect([...ids].filter((id) => id < `run-${later}`)).toEqual([])
    expect(ids.size).toBe(50)
  })

  test('gives every key an expiry', async () => {
    const { writer } = givenHistory(given.redis)
    const created = withJob(run(1))
    await writer.began(created, T0)
    await writer.created(created)
    await writer.ended(ended(created))
    await writer.attemptFailed('run-9', { at: 1, message: 'x' })
    await createRepeatCounter(given.redis, PREFIX)(['run-000001', 'run-000002'], T0)
    const keys = await given.redis.keys('*')
    const expiries = await Promise.all(keys.map((key) => given.redis.pttl(key)))
    expect(Math.min(...expiries)).toBeGreaterThan(0)
    expect(Math.max(...expiries)).toBeLessThanOrEqual(25 * HOUR)
  })
})

type Writer = ReturnType<typeof givenHistory>['writer']

describe('an index', () => {
  const instance = run(30, { labels: { instance: 'node-1' } })
  const named = run(30, { labels: { alertname: 'Other' } })
  const resolved = run(30, { alert: { ...run(30).alert, status: 'resolved' } as Alert })

  test.each<[part: string, query: RunQuery, write: (writer: Writer) => Promise<void>, count: number | undefined]>([
    ['outcomes', { outcomes: ['failed'] }, (writer) => writer.ended(ended(instance, 'failed')), 1],
    ['open', { outcomes: ['running'] }, (writer) => writer.began(instance, T0), 1],
    ['alertname', { alertname: 'Other' }, (writer) => writer.ended(ended(named)), 1],
    ['status', { status: 'resolved' }, (writer) => writer.ended(ended(resolved)), 1],
    ['matcher', matching('instance="node-1"'), (writer) => writer.ended(ended(instance)), undefined],
    ['matcher of the alertname', matching('alertname="Other"'), (writer) => writer.ended(ended(named)), undefined],
    ['groupKey', { groupKey: 'other' }, (writer) => writer.ended(ended({ ...instance, groupKey: 'other' })), 1],
    ['operario', { operario: OPERARIO }, (writer) => writer.ended(ended(withJob(instance))), 1],
    ['alertId', { alertId: alertId(instance, instance.alert as Alert) }, (writer) => writer.ended(ended(instance)), 1],
  ])('finds one run among many, by %s, and no other is looked at', async (_, query, write, count) => {
    const { writer, reader } = givenHistory(given.redis)
    for (let number = 1; number < 60; number++) await (number === 30 ? write(writer) : writer.ended(ended(run(number))))
    await given.redis.config('RESETSTAT')
    const page = await reader.page(query, { limit: 10 })
    expect(page).toMatchObject({ runs: [{ id: 'run-000030' }], next: undefined, complete: true })
    expect(await given.redis.info('commandstats')).toContain('cmdstat_hmget:calls=1,')
    expect(await reader.count(query)).toBe(count)
  })

  test('whose record is over its age is passed over', async () => {
    const { writer, reader } = givenHistory(given.redis)
    for (let number = 1; number <= 5; number++) await writer.began(run(number), T0)
    await given.redis.del(`${PREFIX}:history:run:run-000003`)
    expect(await idsOf(reader.page({ alertname: 'DiskSpaceLow' }, { limit: 10 }))).toEqual([
      'run-000005',
      'run-000004',
      'run-000002',
      'run-000001',
    ])
  })
})

describe('a page', () => {
  test('is followed by the next one without a gap or a repeat, while runs come in', async () => {
    const { writer, reader } = givenHistory(given.redis)
    // Of one webhook each ten have the same time.
    const add = (number: number) => writer.began({ ...run(number), receivedAt: T0 + Math.floor(number / 10) }, T0)
    for (let number = 0; number < 95; number++) await add(number)
    const seen: string[] = []
    let cursor = undefined as string | undefined
    let added = 95
    do {
      const page = await reader.page({ alertname: 'DiskSpaceLow' }, { limit: 7, cursor: parse(cursor) })
      seen.push(...page.runs.map(({ id }) => id))
      for (let more = 0; more < 5; more++) await add(added++)
      cursor = page.next
    } while (cursor)
    expect(seen).toEqual(Array.from({ length: 95 }, (_, index) => run(94 - index).id))
  })

  test('costs no more than it may, and says so when it has not looked at everything', async () => {
    const { writer, reader } = givenHistory(given.redis)
    await Promise.all(Array.from({ length: 2_500 }, (_, number) => writer.began(run(number), T0)))
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

async function indexed(redis: typeof given.redis): Promise<Set<string>> {
  const keys = await redis.keys(`${PREFIX}:history:index:*`)
  return new Set((await Promise.all(keys.map((key) => redis.zrange(key, '0', '-1')))).flat())
}

async function dump(redis: typeof given.redis): Promise<unknown> {
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
