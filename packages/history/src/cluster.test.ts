import { type Alert, alertId } from '@opifer/core'
import { eventually, type RedisCluster, startRedisCluster } from '@opifer/testkit'
import { Cluster } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCatalogue } from './catalogue.ts'
import { createDepthLog } from './depth.ts'
import { type HistoryEvent, subscribeToHistory } from './events.ts'
import { createPresence } from './presence.ts'
import { createHistoryReader } from './reader.ts'
import { ended, HOUR, PREFIX, run, T0, withJob } from './testing/given.ts'
import { createHistoryWriter, createRepeatCounter } from './writer.ts'

let cluster: RedisCluster
let client: Cluster
let listener: Cluster

beforeAll(async () => {
  cluster = await startRedisCluster()
  client = new Cluster([...cluster.nodes])
  listener = new Cluster([...cluster.nodes])
})

afterAll(async () => {
  await Promise.all([client.quit(), listener.quit()])
  await cluster.stop()
})

test('all of it works on a Redis Cluster', async () => {
  const heard: HistoryEvent['kind'][] = []
  await subscribeToHistory(listener, PREFIX, ({ kind }) => heard.push(kind))
  const writer = createHistoryWriter(client, PREFIX, { historyMaxAge: HOUR, historyMaxRuns: 2 })
  const reader = createHistoryReader(client, PREFIX)
  for (let number = 1; number <= 4; number++) {
    const created = withJob(run(number))
    await writer.began(created, T0)
    await writer.attemptFailed(created.id, { at: T0, message: 'once' })
    await writer.created(created)
    await createRepeatCounter(client, PREFIX)([created.id], T0)
    await writer.ended(ended(created))
  }
  const { runs } = await reader.page({ outcomes: ['succeeded', 'failed'], alertname: 'DiskSpaceLow' }, { limit: 5 })
  expect(runs.map(({ id, repeats, attempts }) => ({ id, repeats, attempts }))).toEqual([
    { id: 'run-000004', repeats: 1, attempts: 1 },
    { id: 'run-000003', repeats: 1, attempts: 1 },
  ])
  expect(await reader.count({ outcomes: ['running'] })).toBe(0)
  const third = run(3)
  const after = { runId: third.id, receivedAt: third.receivedAt }
  expect(await reader.successors(alertId(third, third.alert as Alert), after, 5)).toMatchObject([{ id: 'run-000004' }])
  expect(await reader.readStats({ from: T0, to: T0 + 1, step: 1 })).toMatchObject([{ outcomes: { succeeded: 4 } }])
  await eventually(() => expect(heard).toHaveLength(20))

  const presence = createPresence(client, PREFIX)
  const member = { id: 'a', app: 'worker' as const, host: 'h', pid: 1, version: '0.1.0', startedAt: T0 }
  await presence.announce(member)
  expect(await presence.list()).toEqual([member])

  const catalogue = createCatalogue(client, PREFIX, HOUR)
  const entry = { configMap: 'n/c', resourceVersion: '1', disabled: false, operarios: [] }
  await catalogue.replaceAll([entry])
  expect(await catalogue.list()).toEqual([entry])

  const depth = createDepthLog(client, PREFIX, HOUR)
  await depth.write({ at: T0, waiting: 1, active: 2, delayed: 3 })
  expect(await depth.read({ from: T0, to: T0 + 10, step: 10 })).toHaveLength(1)
})
