import { expect, it } from 'vitest'
import { isDone, OUTCOMES, resultSchema } from './outcome.ts'

it('counts those runs as done that nobody needs to look at', () => {
  expect(OUTCOMES.filter(isDone)).toEqual(['succeeded', 'unmatched', 'disabled', 'superseded', 'cancelled'])
  expect(OUTCOMES.filter((outcome) => !isDone(outcome))).toEqual(['failed', 'expired', 'invalid', 'lost'])
})

it.each(OUTCOMES)('keeps a result that is %s', (outcome) => {
  const result = { outcome, reason: 'because', finishedAt: 1 }
  expect(resultSchema.parse(result)).toEqual(result)
})

it('knows no other outcome', () => {
  expect(resultSchema.safeParse({ outcome: 'done', reason: '', finishedAt: 1 }).success).toBe(false)
})
