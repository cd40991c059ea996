import { labelSet, type Result, type Run } from '@opifer/core'
import { makeAlert, makeRun } from '@opifer/core/testing'
import { type RedisServer, startRedis } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { createHistoryReader } from '../read/reader.ts'
import { createHistoryWriter } from '../write/writer.ts'
import { createRecorder } from './recorder.ts'

export const PREFIX = '{test}'
export const HOUR = 3_600_000
/** When run 0 of `makeNumberedRun` was received. */
export const T0 = Date.parse('2026-11-24T08:00:00Z')

/** The Operario of `withJob`. */
export const OPERARIO = 'openfero/openfero-diskspacelow-firing/DiskSpaceLow'

/** Starts a Redis for the test file; each test begins with an empty one. */
export function startTestRedis() {
  const test = {} as { redis: Redis; server: RedisServer }
  beforeAll(async () => {
    test.server = await startRedis()
    test.redis = new Redis(test.server.url)
  })
  afterEach(() => test.server.flush())
  afterAll(async () => {
    test.redis.disconnect()
    await test.server.stop()
  })
  return test
}

export function makeHistory(redis: Redis, { historyMaxAge = 24 * HOUR, historyMaxRuns = 1_000_000 } = {}) {
  const settings = { historyMaxAge, historyMaxRuns }
  return {
    recorder: createRecorder(redis, PREFIX, settings),
    writer: createHistoryWriter(redis, PREFIX, settings, rethrow),
    reader: createHistoryReader(redis, PREFIX),
  }
}

/** An `onError` for tests that expect none. */
export function rethrow(err: unknown): never {
  throw err
}

/** A run that was received `number` milliseconds after `T0`. */
export function makeNumberedRun(
  number: number,
  { labels = {}, ...overrides }: Partial<Run> & { labels?: object } = {},
): Run {
  const alert = makeAlert({ labels: labelSet({ alertname: 'DiskSpaceLow', severity: 'warning', ...labels }) })
  return makeRun({ id: `run-${String(number).padStart(6, '0')}`, receivedAt: T0 + number, alert, ...overrides })
}

export function withResult(run: Run, outcome: Result['outcome'] = 'succeeded', result: Partial<Result> = {}) {
  return { ...run, result: { outcome, reason: 'because', finishedAt: run.receivedAt + 1_000, ...result } }
}

export function withJob(run: Run, name = 'cleanup-1') {
  const job = { namespace: 'openfero', name, uid: `uid-${run.id}`, createdAt: run.receivedAt + 70 }
  const operario = {
    configMap: 'openfero/openfero-diskspacelow-firing',
    key: 'DiskSpaceLow',
    resourceVersion: '7',
    manifestHash: 'hash',
  }
  return { ...run, job, operario }
}
