import { type Alert, alertId } from '@opifer/core'
import { type RedisCluster, startRedisCluster } from '@opifer/testkit'
import { Cluster } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Change, createChangePublisher, subscribeToChanges } from './changes.ts'
import { createDepthLog } from './depth.ts'
import { createPublishedOperarios } from './operarios.ts'
import { createPresence } from './presence.ts'
import { createHistoryReader } from './read/reader.ts'
import { HOUR, makeNumberedRun, OPERARIO, PREFIX, rethrow, T0, withJob, withResult } from './testing/helpers.ts'
import { createRecorder } from './testing/recorder.ts'
import { createHistoryWriter, createRepeatCounter } from './write/writer.ts'

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

test('the history works on a Redis Cluster', async () => {
  const received: Change['kind'][] = []
  await subscribeToChanges(listener, PREFIX, ({ kind }) => received.push(kind))
  const settings = { historyMaxAge: HOUR, historyMaxRuns: 2 }
  const recorder = createRecorder(client, PREFIX, settings)
  const writer = createHistoryWriter(client, PREFIX, settings, rethrow)
  const publish = createChangePublisher(client, PREFIX, rethrow)
  const reader = createHistoryReader(client, PREFIX)
  for (let number = 1; number <= 4; number++) {
    const run = withJob(makeNumberedRun(number))
    await recorder.began(run, T0)
    await writer.attemptFailed(run.id, { at: T0, message: 'once' })
    await recorder.created(run)
    publish(run.id, 'created')
    expect((await reader.page({ operario: OPERARIO }, { limit: 5 })).runs).toHaveLength(Math.min(number, 2))
    await createRepeatCounter(client, PREFIX)([run.id], T0)
    await recorder.ended(withResult(run))
  }
  const { runs } = await reader.page({ outcomes: ['succeeded', 'failed'], alertname: 'DiskSpaceLow' }, { limit: 5 })
  expect(runs.map(({ id, repeats, attempts }) => ({ id, repeats, attempts }))).toEqual([
    { id: 'run-000004', repeats: 1, attempts: 1 },
    { id: 'run-000003', repeats: 1, attempts: 1 },
  ])
  expect(await reader.count({ outcomes: ['running'] })).toBe(0)
  const third = makeNumberedRun(3)
  const after = { runId: third.id, receivedAt: third.receivedAt }
  expect(await reader.successors(alertId(third, third.alert as Alert), after, 5)).toMatchObject([{ id: 'run-000004' }])
  expect(await reader.readStats({ from: T0, to: T0 + 1, step: 1 })).toMatchObject([{ outcomes: { succeeded: 4 } }])
  await expect.poll(() => received).toHaveLength(20)

  const presence = createPresence(client, PREFIX)
  const member = { id: 'a', app: 'worker' as const, host: 'h', pid: 1, version: '0.1.0', startedAt: T0 }
  await presence.announce(member)
  expect(await presence.list()).toEqual([member])

  const operarios = createPublishedOperarios(client, PREFIX, HOUR)
  const entry = { configMap: 'n/c', resourceVersion: '1', disabled: false, operarios: [] }
  await operarios.replaceAll([entry])
  expect(await operarios.list()).toEqual([entry])

  const depth = createDepthLog(client, PREFIX, HOUR)
  await depth.write({ at: T0, waiting: 1, active: 2, delayed: 3 })
  expect(await depth.read({ from: T0, to: T0 + 10, step: 10 })).toHaveLength(1)
})
