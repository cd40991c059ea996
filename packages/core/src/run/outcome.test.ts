import { expect, test } from 'vitest'
import { isDone, OUTCOMES, resultSchema } from './outcome.ts'

test('isDone holds for the outcomes that need no operator', () => {
  expect(OUTCOMES.filter(isDone)).toEqual(['succeeded', 'unmatched', 'disabled', 'superseded', 'cancelled'])
  expect(OUTCOMES.filter((outcome) => !isDone(outcome))).toEqual(['failed', 'expired', 'invalid', 'lost'])
})

test.each(OUTCOMES)('resultSchema keeps a result that is %s', (outcome) => {
  const result = { outcome, reason: 'because', finishedAt: 1 }
  expect(resultSchema.parse(result)).toEqual(result)
})

test('resultSchema rejects an unknown outcome', () => {
  expect(resultSchema.safeParse({ outcome: 'done', reason: '', finishedAt: 1 }).success).toBe(false)
})
