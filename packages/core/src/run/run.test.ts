import { describe, expect, test } from 'vitest'
import { parseAlert } from '../alert/alert.ts'
import { makeAlert, makeRun } from '../testing/builders.ts'
import { runSchema } from './run.ts'

describe('runSchema', () => {
  test.each([
    ['a run that waits', makeRun()],
    [
      'a run of a resolved alert',
      makeRun({ alert: makeAlert({ status: 'resolved', endsAt: '2026-11-23T04:00:00Z' }) }),
    ],
    ['a run of an invalid alert', makeRun({ alert: parseAlert({ status: 'firing', labels: {} }) })],
    ['a run of an alert that is nothing at all', makeRun({ alert: parseAlert(null) })],
    [
      'a run with its Job and result',
      makeRun({
        operario: { configMap: 'openfero/a', key: 'A', resourceVersion: '1', cooldownMs: 5 },
        job: { namespace: 'openfero', name: 'a', uid: 'u', createdAt: 1 },
        result: {
          outcome: 'failed',
          reason: 'BackoffLimitExceeded',
          exits: [{ pod: 'p', container: 'c', exitCode: 3, reason: 'Error' }],
          log: 'last words',
          finishedAt: 2,
        },
      }),
    ],
  ])('runSchema reads %s back from Redis as it was', (_, run) => {
    expect(runSchema.parse(JSON.parse(JSON.stringify(run)))).toEqual(run)
  })

  test('runSchema keeps labels named like properties of every object', () => {
    const alert = makeAlert({ labels: { alertname: 'A', ['__proto__']: 'p', constructor: 'c' } })
    const { alert: read } = runSchema.parse(JSON.parse(JSON.stringify(makeRun({ alert }))))
    expect(read).toEqual(alert)
    expect(JSON.stringify(read)).toContain('"labels":{"alertname":"A","__proto__":"p","constructor":"c"}')
  })

  test.each(['id', 'dedupId', 'receiver', 'groupKey', 'receivedAt', 'alert'])(
    'runSchema rejects a run without %s',
    (field) => {
      expect(runSchema.safeParse({ ...makeRun(), [field]: undefined }).success).toBe(false)
    },
  )

  test('runSchema accepts a run of an older version without alert key', () => {
    const { alertKey: _, ...run } = makeRun()
    expect(runSchema.parse(run)).toEqual(run)
  })

  test('runSchema accepts fields of a newer version of Opifer', () => {
    expect(runSchema.safeParse({ ...makeRun(), fromTheFuture: 1 }).success).toBe(true)
  })

  test('runSchema reads the invalid alert of a run that an earlier version enqueued', () => {
    const alert = { defect: 'labels.alertname is missing', status: 'firing', fingerprint: 'f', excerpt: '{}' }
    const { alert: read } = runSchema.parse({ ...makeRun(), alert })
    expect(read).toEqual({ invalid: 'labels.alertname is missing', status: 'firing', fingerprint: 'f', excerpt: '{}' })
  })
})
