import { expect, it } from 'vitest'
import { createStore } from '../store/store.ts'
import { createEventRecorder } from './event-recorder.ts'
import { makeJob } from './testing.ts'

const noted = { type: 'Normal', reason: 'Tested', message: 'It was tested' } as const

it('tells of an object what kubectl describe shows', () => {
  const store = createStore()
  const job = store.create('jobs', makeJob('subject'))
  createEventRecorder({ store, component: 'tester', now: () => new Date(0) }).record(job, noted)
  expect(store.list('events')).toMatchObject([
    {
      kind: 'Event',
      metadata: { name: expect.stringMatching(/^subject\./), namespace: 'default' },
      involvedObject: { apiVersion: 'batch/v1', kind: 'Job', name: 'subject', uid: job.metadata.uid },
      ...noted,
      source: { component: 'tester' },
      firstTimestamp: '1970-01-01T00:00:00Z',
      count: 1,
    },
  ])
})

it('gives events of one moment different names', () => {
  const store = createStore()
  const recorder = createEventRecorder({ store, component: 'tester', now: () => new Date(0) })
  for (let i = 0; i < 20; i += 1) recorder.record(makeJob('subject'), noted)
  expect(store.list('events')).toHaveLength(20)
})

it('forgets events that are older than the TTL', () => {
  const store = createStore()
  let time = 0
  const recorder = createEventRecorder({ store, component: 'tester', now: () => new Date(time), ttlMs: 1000 })
  for (time of [0, 500, 1400]) recorder.record(makeJob(`at-${time}`), noted)
  expect(store.list('events').map(({ metadata }) => metadata.name.split('.')[0])).toEqual(['at-1400', 'at-500'])
})

it('forgets the oldest when there are too many', () => {
  const store = createStore()
  const recorder = createEventRecorder({ store, component: 'tester', now: () => new Date(0), limit: 2 })
  for (const name of ['a', 'b', 'c']) recorder.record(makeJob(name), noted)
  expect(store.list('events').map(({ metadata }) => metadata.name.split('.')[0])).toEqual(['b', 'c'])
})
