import { expect, test } from 'vitest'
import { makeRun } from '../testing/builders.ts'
import { retryRun } from './retry.ts'

const NOW = Date.parse('2026-11-24T03:00:00Z')
const request = { id: 'second', requestedBy: 'ada', now: NOW }

test('a retry is a new run of the same alert that names the run it retries', () => {
  const first = makeRun({
    id: 'first',
    job: { namespace: 'n', name: 'j', uid: 'u', createdAt: 1 },
    result: { outcome: 'failed', reason: 'exit code 3', finishedAt: 2 },
    retryOf: 'one before',
  })
  const { dedupId, alertKey, receiver, groupKey, alert } = first
  expect(retryRun(first, request)).toEqual({
    id: 'second',
    dedupId,
    alertKey,
    receiver,
    groupKey,
    alert,
    receivedAt: NOW,
    retryOf: first.id,
    requestedBy: 'ada',
  })
})

test('a retry of a retry is of the firing that the first run was made for', () => {
  const first = makeRun({ id: 'first' })
  const third = retryRun(retryRun(first, request), { ...request, id: 'third' })
  const { dedupId, alertKey } = first
  expect(third).toMatchObject({ id: 'third', retryOf: 'second', dedupId, alertKey })
})

test('a retry of a run of an older version has no alert key either', () => {
  expect(retryRun(makeRun({ alertKey: undefined }), request).alertKey).toBeUndefined()
})
