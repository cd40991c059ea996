import { expect, test } from 'vitest'
import { createStore } from '../store/store.ts'
import { makeJob } from '../testing/controllers.ts'
import { createEventRecorder } from './event-recorder.ts'

const noted = { type: 'Normal', reason: 'Tested', message: 'It was tested' } as const

test('an Event names the object it is about and its source', () => {
  const store = createStore()
  const job = store.create('jobs', makeJob('subject'))
  createEventRecorder({ store, component: 'tester', now: () => new Date(0) }).record(job, noted)
  expect(store.list('events')).toMatchObject([
    {
      metadata: { name: expect.stringMatching(/^subject\./), namespace: 'default' },
      involvedObject: { apiVersion: 'batch/v1', kind: 'Job', name: 'subject', uid: job.metadata.uid },
      ...noted,
      source: { component: 'tester' },
      firstTimestamp: '1970-01-01T00:00:00Z',
    },
  ])
})

test('an event recorder drops the oldest Events beyond its limit', () => {
  const store = createStore()
  const recorder = createEventRecorder({ store, component: 'tester', now: () => new Date(0), limit: 2 })
  for (const name of ['a', 'b', 'c']) recorder.record(makeJob(name), noted)
  expect(store.list('events').map(({ metadata }) => metadata.name.split('.')[0])).toEqual(['b', 'c'])
})
