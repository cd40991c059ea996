import { makeRun } from '@opifer/core/testing'
import { expect, test } from 'vitest'
import { tolerant } from './history.ts'
import { LOCK, makeHistory, makeJobRef, silent } from './testing/builders.ts'

const run = { ...makeRun(), job: makeJobRef(), result: { outcome: 'succeeded', reason: 'so', finishedAt: 5 } } as const

test('what is told is passed on', async () => {
  const told: string[] = []
  const history = tolerant(makeHistory(told), silent)
  await history.began(run, 1)
  await history.created(run, LOCK)
  await history.attemptFailed(run.id, { at: 2, message: 'why' })
  await history.ended(run, LOCK, { startedAt: 3 })
  expect(told).toEqual([
    `began ${run.id} 1`,
    `created ${run.id} cleanup`,
    `failed ${run.id} 2 why`,
    `ended ${run.id} succeeded {"startedAt":3}`,
  ])
})

test('a history that takes nothing holds nobody up', async () => {
  const history = tolerant({ began: refuse, created: refuse, attemptFailed: refuse, ended: refuse }, silent)
  await expect(history.began(run, 1)).resolves.toBeUndefined()
  await expect(history.created(run)).resolves.toBeUndefined()
  await expect(history.attemptFailed(run.id, { at: 2, message: 'why' })).resolves.toBeUndefined()
  await expect(history.ended(run)).resolves.toBeUndefined()
})

function refuse(): Promise<never> {
  return Promise.reject(new Error('WRONGTYPE'))
}
