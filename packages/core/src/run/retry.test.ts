import { expect, test } from 'vitest'
import { makeRun } from '../testing/builders.ts'
import { beganOf, runId } from './identity.ts'
import { retryRun } from './retry.ts'

const NOW = Date.parse('2026-11-24T03:00:00Z')
const request = { requestedBy: 'ada', now: NOW, random: 'fresh' }

test('a retry is a fresh run of the same alert that says whose it is', () => {
  const first = makeRun({
    id: runId('first', 5),
    job: { namespace: 'n', name: 'j', uid: 'u', createdAt: 1 },
    result: { outcome: 'failed', reason: 'exit code 3', finishedAt: 2 },
    retryOf: 'one before',
  })
  const { dedupId, receiver, groupKey, alert } = first
  expect(retryRun(first, request)).toEqual({
    id: runId('fresh', 5),
    dedupId,
    receiver,
    groupKey,
    alert,
    receivedAt: NOW,
    retryOf: first.id,
    requestedBy: 'ada',
  })
})

test('a retry is of the firing that the first run was made for, however often it is tried', () => {
  const again = retryRun(retryRun(makeRun({ id: runId('first', 5) }), request), { ...request, random: 'third' })
  expect(beganOf(again.id)).toBe(5)
})

test('where the id does not tell when the firing began, the retry begins now', () => {
  expect(beganOf(retryRun(makeRun({ id: 'plain' }), request).id)).toBe(NOW)
})
