import { labelSet, type Result, type Run } from '@opifer/core'
import { makeAlert, makeRun } from '@opifer/core/testing'
import { type RedisServer, startRedis } from '@opifer/testkit'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { createHistoryReader } from '../reader.ts'
import { createHistoryWriter } from '../writer.ts'

export const PREFIX = '{test}'
export const HOUR = 3_600_000
/** When the first of `run()` was received. */
export const T0 = Date.parse('2026-11-24T08:00:00Z')

/** The Operario of `withJob`. */
export const OPERARIO = 'openfero/openfero-diskspacelow-firing/DiskSpaceLow'

/** A Redis for a test file, emptied after each test. */
export function givenRedis() {
  const given = {} as { redis: Redis; server: RedisServer }
  beforeAll(async () => {
    given.server = await startRedis()
    given.redis = new Redis(given.server.url)
  })
  afterEach(() => given.server.flush())
  afterAll(async () => {
    given.redis.disconnect()
    await given.server.stop()
  })
  return given
}

export function givenHistory(redis: Redis, { historyMaxAge = 24 * HOUR, historyMaxRuns = 1_000_000 } = {}) {
  return {
    writer: createHistoryWriter(redis, PREFIX, { historyMaxAge, historyMaxRuns }),
    reader: createHistoryReader(redis, PREFIX),
  }
}

/** A run with a number, received that many milliseconds after `T0`. */
export function run(number: number, { labels = {}, ...overrides }: Partial<Run> & { labels?: object } = {}): Run {
  const alert = makeAlert({ labels: labelSet({ alertname: 'DiskSpaceLow', severity: 'warning', ...labels }) })
  return makeRun({ id: `run-${String(number).padStart(6, '0')}`, receivedAt: T0 + number, alert, ...overrides })
}

export function ended(of: Run, outcome: Result['outcome'] = 'succeeded', result: Partial<Result> = {}) {
  return { ...of, result: { outcome, reason: 'because', finishedAt: of.receivedAt + 1_000, ...result } }
}

export function withJob(of: Run, name = 'cleanup-1') {
  const job = { namespace: 'openfero', name, uid: `uid-${of.id}`, createdAt: of.receivedAt + 70 }
  const operario = {
    configMap: 'openfero/openfero-diskspacelow-firing',
    key: 'DiskSpaceLow',
    resourceVersion: '7',
    manifestHash: 'hash',
  }
  return { ...of, job, operario }
}
