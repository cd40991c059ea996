import { alertId, type Run } from '@opifer/core'
import { expect, test } from 'vitest'
import { makeHistory, makeNumberedRun, PREFIX, startTestRedis, T0, withResult } from '../testing/helpers.ts'

const db = startTestRedis()

const ALERT = alertId(makeNumberedRun(0), makeNumberedRun(0).alert)

/** Records runs of one alert, and returns a function that reads the ids after a position. */
async function recordRuns(runs: Run[]) {
  const { recorder, reader } = makeHistory(db.redis)
  await Promise.all(runs.map((run) => recorder.ended(withResult(run))))
  return async (runId: string, receivedAt: number, limit = 3) =>
    (await reader.successors(ALERT, { runId, receivedAt }, limit)).map(({ id }) => id)
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

test('successors are the next runs of the alert, oldest first, however many came since', async () => {
  const other = makeNumberedRun(3, { id: 'other', labels: { alertname: 'Other' } })
  const successors = await recordRuns([...numbers(200).map((number) => makeNumberedRun(number)), other])
  await db.redis.config('RESETSTAT')
  expect(await successors('run-000002', T0 + 2)).toEqual(['run-000003', 'run-000004', 'run-000005'])
  const [, looks = ''] = /cmdstat_hmget:calls=(\d+),/.exec(await db.redis.info('commandstats')) ?? []
  expect(Number(looks)).toBeLessThanOrEqual(6)
  expect(await successors('run-000198', T0 + 198)).toEqual(['run-000199'])
  expect(await successors('run-000199', T0 + 199)).toEqual([])
})

test('runs of the same millisecond are in the same order among successors as on pages', async () => {
  const successors = await recordRuns(numbers(40).map((number) => ({ ...makeNumberedRun(number), receivedAt: T0 })))
  expect(await successors('run-000001', T0)).toEqual(['run-000002', 'run-000003', 'run-000004'])
  expect(await successors('run-000038', T0)).toEqual(['run-000039'])
})

test('a run that is not in the index has successors', async () => {
  const same = numbers(40).map((number) => ({ ...makeNumberedRun(number), receivedAt: T0 }))
  const successors = await recordRuns([...same, makeNumberedRun(40)])
  await db.redis.zrem(`${PREFIX}:history:index:alert:${ALERT}`, 'run-000035')
  expect(await successors('run-000035', T0)).toEqual(['run-000036', 'run-000037', 'run-000038'])
  expect(await successors('run-000035', T0 - 1, 1)).toEqual(['run-000000'])
  expect(await successors('zzz-1', T0)).toEqual(['run-000040'])
})

test('successors skip expired records', async () => {
  const successors = await recordRuns(numbers(40).map((number) => makeNumberedRun(number)))
  await db.redis.del(numbers(30).map((number) => `${PREFIX}:history:run:${makeNumberedRun(number).id}`))
  expect(await successors('run-000000', T0)).toEqual(['run-000030', 'run-000031', 'run-000032'])
})

test('the search for successors gives up after too many expired records', async () => {
  const { reader } = makeHistory(db.redis)
  const members = numbers(10_000).flatMap((number) => [number, `gone-${number}`])
  await db.redis.zadd(`${PREFIX}:history:index:alert:${ALERT}`, ...members)
  await db.redis.config('RESETSTAT')
  expect(await reader.successors(ALERT, { runId: 'gone-0', receivedAt: 0 }, 3)).toEqual([])
  const [, looks = ''] = /cmdstat_hmget:calls=(\d+),/.exec(await db.redis.info('commandstats')) ?? []
  expect(Number(looks)).toBeLessThan(2_000)
})
