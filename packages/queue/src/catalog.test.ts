import { runSchema } from '@opifer/core'
import { makeAlert, makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { queueEntry, RUNS, serializeRun } from './catalog.ts'

test('a queueEntry run has its alert’s name and is deduplicated by its firing', () => {
  const run = makeRun({ alert: makeAlert({ alertname: 'Other' }) })
  expect(queueEntry(run)).toEqual({
    name: 'Other',
    data: run,
    opts: { jobId: run.id, deduplication: { id: run.dedupId } },
  })
})

test('a queueEntry run of an invalid alert is named invalid', () => {
  const alert = { invalid: 'no labels', status: 'firing', fingerprint: 'f', excerpt: '{}' } as const
  expect(queueEntry(makeRun({ alert })).name).toBe('invalid')
})

test('serializeRun adds what the worker found out and keeps fields of a newer version', () => {
  const run = makeRun()
  const stored = { ...run, news: { of: 'a newer version' }, alert: { ...run.alert, more: 1 } }
  const job = { namespace: 'openfero', name: 'cleanup', uid: 'u', createdAt: 1 }
  const result = { outcome: 'succeeded', reason: 'because', finishedAt: 2 } as const
  const operario = { configMap: 'n/c', key: 'k', resourceVersion: '1' }
  const parsed = runSchema.parse(stored)
  expect(JSON.parse(serializeRun(stored, { ...parsed, operario, job, result }))).toEqual({
    ...stored,
    operario,
    job,
    result,
  })
})

test('serializeRun removes a Job that the run no longer has', () => {
  const job = { namespace: 'openfero', name: 'cleanup', uid: 'u', createdAt: 1 }
  const run = makeRun()
  expect(JSON.parse(serializeRun({ ...run, job }, run))).toEqual(run)
})

test('RUNS keeps a run until the worker ends it, not until a number of attempts', () => {
  expect(RUNS.jobOptions.attempts).toBeGreaterThanOrEqual(1_000_000)
  expect(RUNS.maxStalledCount).toBeGreaterThanOrEqual(1_000)
})
