import { alertId, type Alert, type Run } from '@opifer/core'
import { expect, test } from 'vitest'
import { ended, givenHistory, givenRedis, PREFIX, run, T0 } from './testing/given.ts'

const given = givenRedis()

const ALERT = alertId(run(0), run(0).alert as Alert)

/** Writes runs of one alert, and tells which of them came next after a place. */
async function givenRuns(runs: Run[]) {
  const { writer, reader } = givenHistory(given.redis)
  await Promise.all(runs.map((one) => writer.ended(ended(one))))
  return async (runId: string, receivedAt: number, limit = 3) =>
    (await reader.successors(ALERT, { runId, receivedAt }, limit)).map(({ id }) => id)
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

test('the runs of an alert that came next after one are told from old to new, however many came since', async () => {
  const other = run(3, { id: 'other', labels: { alertname: 'Other' } })
  const successors = await givenRuns([...numbers(200).map((number) => run(number)), other])
  await given.redis.config('RESETSTAT')
  expect(await successors('run-000002', T0 + 2)).toEqual(['run-000003', 'run-000004', 'run-000005'])
  const [, looks = ''] = /cmdstat_hmget:calls=(\d+),/.exec(await given.redis.info('commandstats')) ?? []
  expect(Number(looks)).toBeLessThanOrEqual(6)
  expect(await successors('run-000198', T0 + 198)).toEqual(['run-000199'])
  expect(await successors('run-000199', T0 + 199)).toEqual([])
})

test('of runs of the same millisecond each comes before a run or after it, as on pages', async () => {
  const successors = await givenRuns(numbers(40).map((number) => ({ ...run(number), receivedAt: T0 })))
  expect(await successors('run-000001', T0)).toEqual(['run-000002', 'run-000003', 'run-000004'])
  expect(await successors('run-000038', T0)).toEqual(['run-000039'])
})

test('a run that has no place in the index has successors all the same', async () => {
  const same = numbers(40).map((number) => ({ ...run(number), receivedAt: T0 }))
  const successors = await givenRuns([...same, run(40)])
  await given.redis.zrem(`${PREFIX}:history:index:alert:${ALERT}`, 'run-000035')
  expect(await successors('run-000035', T0)).toEqual(['run-000036', 'run-000037', 'run-000038'])
  expect(await successors('run-000035', T0 - 1, 1)).toEqual(['run-000000'])
  expect(await successors('zzz-1', T0)).toEqual(['run-000040'])
})

test('places whose records are gone are passed over', async () => {
  const successors = await givenRuns(numbers(40).map((number) => run(number)))
  await given.redis.del(numbers(30).map((number) => `${PREFIX}:history:run:${run(number).id}`))
  expect(await successors('run-000000', T0)).toEqual(['run-000030', 'run-000031', 'run-000032'])
})

test('so many may be gone that the search is given up', async () => {
  const { reader } = givenHistory(given.redis)
  const places = numbers(10_000).flatMap((number) => [number, `gone-${number}`])
  await given.redis.zadd(`${PREFIX}:history:index:alert:${ALERT}`, ...places)
  await given.redis.config('RESETSTAT')
  expect(await reader.successors(ALERT, { runId: 'gone-0', receivedAt: 0 }, 3)).toEqual([])
  const [, looks = ''] = /cmdstat_hmget:calls=(\d+),/.exec(await given.redis.info('commandstats')) ?? []
  expect(Number(looks)).toBeLessThan(2_000)
})
