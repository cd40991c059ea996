import { labelSet } from '@opifer/core'
import { makeAlert } from '@opifer/core/testing'
import { describe, expect, test } from 'vitest'
import { createCatalogue } from './catalogue.ts'
import { createDepthLog } from './depth.ts'
import { indexesOf } from './indexes.ts'
import { createPresence } from './presence.ts'
import { ended, givenHistory, givenRedis, HOUR, PREFIX, run, T0 } from './testing/given.ts'

const given = givenRedis()

const manyLabels = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`label_${index}`, 'x'.repeat(20)]))

describe('labels that somebody who means harm would send', () => {
  test.each<[what: string, labels: object]>([
    ['__proto__', JSON.parse('{"__proto__":"x","constructor":"y","hasOwnProperty":"z"}')],
    ['no name, no value', { '': 'x', a: '' }],
    ['line breaks, stars, braces', { 'a\nopen': 'b\nall', '{other}': '*?[a]', 'a=b': 'c=d' }],
    ['half a surrogate pair', { broken: '\ud83d' }],
    ['zero bytes', { 'a\0b': 'c\0d' }],
    ['10,000 of them', manyLabels],
    ['a megabyte', { huge: 'x'.repeat(1_048_576) }],
    ['a megabyte of name', { ['x'.repeat(1_048_576)]: 'huge' }],
  ])('%s: are kept, found and forgotten', async (_, labels) => {
    const { writer, reader } = givenHistory(given.redis, { historyMaxRuns: 1 })
    const alert = makeAlert({ labels: labelSet({ ...labels, alertname: 'DiskSpaceLow' }) })
    const hostile = run(1, { alert })
    await writer.ended(ended(hostile))
    expect((await reader.get(hostile.id))?.run.alert).toEqual(alert)
    const [name = '', value = ''] = Object.entries(labels).findLast(([, text]) => text !== '') ?? []
    const page = await reader.page({ matchers: [{ name, op: '=', value }] }, { limit: 1 })
    expect(page.runs.map(({ id }) => id)).toEqual([hostile.id])

    const keys = await given.redis.keys('*')
    expect(keys.filter((key) => !key.startsWith(`${PREFIX}:history:`) || key.length > 250)).toEqual([])
    await writer.ended(ended(run(2)))
    expect((await reader.page({ text: hostile.id }, { limit: 1 })).runs).toEqual([])
    const left = await Promise.all(
      (await given.redis.keys('*index:*')).map((key) => given.redis.zrange(key, '0', '-1')),
    )
    expect(new Set(left.flat())).toEqual(new Set(['run-000002']))
  })

  test('stand in a bounded number of indexes', () => {
    expect(indexesOf(run(1, { alert: makeAlert({ labels: labelSet(manyLabels) }) })).length).toBeLessThanOrEqual(72)
  })
})

test('a record that no version of Opifer wrote is passed over', async () => {
  const { writer, reader } = givenHistory(given.redis)
  await writer.began(run(1), T0)
  await writer.began(run(2), T0)
  await given.redis.hset(`${PREFIX}:history:run:run-000002`, 'run', '{"alert":', 'startedAt', 'x')
  expect((await reader.page({}, { limit: 5 })).runs.map(({ id }) => id)).toEqual(['run-000001'])
  expect(await reader.get('run-000002')).toBeUndefined()
})

describe.each(['', '{"alert":', 'null', '[]', '{}', '{"manifest":{"spec":{}},"settings":{}}'])(
  'what no version of Opifer wrote is passed over: %j as',
  (garbage) => {
    test('an Operario', async () => {
      const catalogue = createCatalogue(given.redis, PREFIX, HOUR)
      const entry = { configMap: 'n/c', resourceVersion: '1', disabled: false, operarios: [] }
      await catalogue.replaceAll([entry])
      await given.redis.hset(`${PREFIX}:history:operarios`, 'n/other', garbage)
      expect(await catalogue.list()).toEqual([entry])
    })

    test('a manifest', async () => {
      await given.redis.set(`${PREFIX}:history:manifest:hash`, garbage)
      expect(await createCatalogue(given.redis, PREFIX, HOUR).manifest('hash')).toBeUndefined()
    })

    test('a sample', async () => {
      const log = createDepthLog(given.redis, PREFIX, HOUR)
      const sample = { at: T0 + 10, waiting: 1, active: 2, delayed: 3 }
      await log.write(sample)
      await given.redis.zadd(`${PREFIX}:history:depth`, T0, garbage)
      expect(await log.read({ from: T0, to: T0 + 20, step: 10 })).toEqual([sample])
    })

    test('a process', async () => {
      const presence = createPresence(given.redis, PREFIX)
      const member = { id: 'a', app: 'worker' as const, host: 'h', pid: 1, version: '0.1.0', startedAt: T0 }
      for (const id of ['a', 'b']) await presence.announce({ ...member, id })
      await given.redis.set(`${PREFIX}:history:presence:b`, garbage)
      expect(await presence.list()).toEqual([member])
    })
  },
)
