import { alertId, jobName } from '@opifer/core'
import { makeRun } from '@opifer/core/testing'
import { createHistoryEncoder, createHistoryReader } from '@opifer/history'
import { startRedisCluster } from '@opifer/testkit'
import { Cluster } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { createRunFlags } from './flags.ts'
import { leaseOf } from './lease.ts'
import { createTransitions } from './transitions.ts'

const PREFIX = '{opifer}'
const HOUR = 3_600_000

test('run flags and transitions work on a Redis Cluster', async () => {
  const cluster = await startRedisCluster()
  onTestFinished(() => cluster.stop())
  const redis = new Cluster([...cluster.nodes])
  onTestFinished(() => redis.disconnect())
  const run = makeRun({ alertKey: undefined })
  const lease = leaseOf(PREFIX, run.id, 'this-worker', 60_000)
  await redis.set(lease.lockKey, lease.token)
  await redis.hset(lease.runKey, 'data', JSON.stringify(run))

  const flags = createRunFlags(redis, PREFIX)
  const resolved = [alertId(run, run.alert), 'another-alert'].map((id) => ({ alertId: id, mark: { receivedAt: 1 } }))
  await flags.markResolved(resolved, HOUR)
  await flags.requestCancel(run.id, 'ada')
  const transitions = createTransitions({
    redis,
    prefix: PREFIX,
    history: createHistoryEncoder({ historyMaxAge: HOUR, historyMaxRuns: 10 }),
    onHistoryError(error) {
      throw error
    },
  })
  const begin = () => transitions.begin(run, lease, { at: run.receivedAt, inDoubtFrom: undefined })
  await transitions.markInDoubt(run, lease, { from: 7, job: 3 })
  expect(await begin()).toEqual({
    resolved: { receivedAt: 1 },
    coolingAfter: undefined,
    nextJob: 3,
    cancelledBy: 'ada',
    inDoubt: { since: 7, job: 3 },
    isMarked: false,
  })
  await transitions.clearInDoubt(lease)

  const job = { namespace: 'n', name: jobName('cleanup', run.dedupId, 3), uid: 'u', createdAt: run.receivedAt }
  const result = { outcome: 'succeeded', reason: 'because', finishedAt: run.receivedAt + 1 } as const
  await transitions.finish({ ...run, job, result }, lease, { data: '{}', cooldownMs: HOUR, jobTimes: undefined })
  expect(await flags.coolingDown([run.dedupId, 'b', 'c'])).toEqual([run.id, null, null])
  expect(await begin()).toMatchObject({ nextJob: 4, inDoubt: undefined, coolingAfter: run.id })
  expect(await createHistoryReader(redis, PREFIX).get(run.id)).toMatchObject({ result, job })
})
