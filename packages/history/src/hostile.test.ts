import { labelSet } from '@opifer/core'
import { makeAlert } from '@opifer/core/testing'
import { describe, expect, test } from 'vitest'
import { createDepthLog } from './depth.ts'
import { createPublishedOperarios } from './operarios.ts'
import { createPresence } from './presence.ts'
import { HOUR, makeHistory, makeNumberedRun, PREFIX, startTestRedis, T0, withResult } from './testing/helpers.ts'

const db = startTestRedis()

const manyLabels = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`label_${index}`, 'x'.repeat(20)]))

test.each<[what: string, labels: object]>([
  ['__proto__', JSON.parse('{"__proto__":"x","constructor":"y","hasOwnProperty":"z"}')],
  ['empty names and values', { '': 'x', a: '' }],
  ['line breaks, stars and braces', { 'a\nopen': 'b\nall', '{other}': '*?[a]', 'a=b': 'c=d' }],
  ['half a surrogate pair', { broken: '\ud83d' }],
  ['zero bytes', { 'a\0b': 'c\0d' }],
  ['10,000 labels', manyLabels],
  ['a value of a megabyte', { huge: 'x'.repeat(1_048_576) }],
  ['a name of a megabyte', { ['x'.repeat(1_048_576)]: 'huge' }],
])('hostile labels are kept, found and dropped: %s', async (_, labels) => {
  const { recorder, reader } = makeHistory(db.redis, { historyMaxRuns: 1 })
  const alert = makeAlert({ labels: labelSet({ ...labels, alertname: 'DiskSpaceLow' }) })
  const hostile = makeNumberedRun(1, { alert })
  await recorder.ended(withResult(hostile))
  expect((await reader.get(hostile.id))?.run.alert).toEqual(alert)
  const [name = '', value = ''] = Object.entries(labels).findLast(([, text]) => text !== '') ?? []
  const page = await reader.page({ matchers: [{ name, op: '=', value }] }, { limit: 1 })
  expect(page.runs.map(({ id }) => id)).toEqual([hostile.id])
  await expectDropped(hostile.id)
})

test.each([
  ['__proto__', '__proto__'],
  ['line breaks, stars and braces', 'a\nopen\n{other}*?[a]'],
  ['half a surrogate pair', '\ud83d'],
  ['zero bytes', 'a\0b'],
  ['a megabyte', 'x'.repeat(1_048_576)],
])('a hostile alertname is kept, found and dropped: %s', async (_, alertname) => {
  const { recorder, reader } = makeHistory(db.redis, { historyMaxRuns: 1 })
  const hostile = makeNumberedRun(1, { labels: { alertname } })
  await recorder.ended(withResult(hostile))
  const page = await reader.page({ alertname }, { limit: 1 })
  expect(page.runs.map(({ id }) => id)).toEqual([hostile.id])
  await expectDropped(hostile.id)
})

async function expectDropped(id: string): Promise<void> {
  const { recorder, reader } = makeHistory(db.redis, { historyMaxRuns: 1 })
  const keys = await db.redis.keys('*')
  expect(keys.filter((key) => !key.startsWith(`${PREFIX}:history:`) || key.length > 250)).toEqual([])
  await recorder.ended(withResult(makeNumberedRun(2)))
  expect((await reader.page({ text: id }, { limit: 1 })).runs).toEqual([])
  const left = await Promise.all((await db.redis.keys('*index:*')).map((key) => db.redis.zrange(key, '0', '-1')))
  expect(new Set(left.flat())).toEqual(new Set(['run-000002']))
}

test('labels add no index', async () => {
  const { recorder } = makeHistory(db.redis)
  await recorder.began(makeNumberedRun(1, { labels: manyLabels }), T0)
  expect(await db.redis.keys('*index:*')).toHaveLength(4)
})

test('a page skips a record that no version of Opifer wrote', async () => {
  const { recorder, reader } = makeHistory(db.redis)
  await recorder.began(makeNumberedRun(1), T0)
  await recorder.began(makeNumberedRun(2), T0)
  await db.redis.hset(`${PREFIX}:history:run:run-000002`, 'run', '{"alert":', 'startedAt', 'x')
  expect((await reader.page({}, { limit: 5 })).runs.map(({ id }) => id)).toEqual(['run-000001'])
  expect(await reader.get('run-000002')).toBeUndefined()
})

describe.each(['', '{"alert":', 'null', '[]', '{}', '{"manifest":{"spec":{}},"settings":{}}'])(
  'garbage %j',
  (garbage) => {
    test(`readers skip ${garbage} among the published Operarios`, async () => {
      const operarios = createPublishedOperarios(db.redis, PREFIX, HOUR)
      const entry = { configMap: 'n/c', resourceVersion: '1', disabled: false, operarios: [] }
      await operarios.replaceAll([entry])
      await db.redis.hset(`${PREFIX}:history:operarios`, 'n/other', garbage)
      expect(await operarios.list()).toEqual([entry])
    })

    test(`readers skip ${garbage} as a manifest`, async () => {
      await db.redis.set(`${PREFIX}:history:manifest:hash`, garbage)
      expect(await createPublishedOperarios(db.redis, PREFIX, HOUR).manifest('hash')).toBeUndefined()
    })

    test(`readers skip ${garbage} as a depth sample`, async () => {
      const log = createDepthLog(db.redis, PREFIX, HOUR)
      const sample = { at: T0 + 10, waiting: 1, active: 2, delayed: 3 }
      await log.write(sample)
      await db.redis.zadd(`${PREFIX}:history:depth`, T0, garbage)
      expect(await log.read({ from: T0, to: T0 + 20, step: 10 })).toEqual([sample])
    })

    test(`readers skip ${garbage} as a process`, async () => {
      const presence = createPresence(db.redis, PREFIX)
      const member = { id: 'a', app: 'worker' as const, host: 'h', pid: 1, version: '0.1.0', startedAt: T0 }
      for (const id of ['a', 'b']) await presence.announce({ ...member, id })
      await db.redis.set(`${PREFIX}:history:presence:b`, garbage)
      expect(await presence.list()).toEqual([member])
    })
  },
)
