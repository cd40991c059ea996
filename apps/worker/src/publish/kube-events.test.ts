import { eventually } from '@opifer/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { silent, stored } from '../testing/builders.ts'
import { givenCluster, NAMESPACE, type TestCluster } from '../testing/cluster.ts'
import type { EventResult } from '../metrics.ts'
import type { ObjectReference } from '../kubernetes/client/api.ts'
import { createEventRecorder, type EventRecorderLimits } from './kube-events.ts'

const AT_ONCE: EventRecorderLimits = { gap: 1, repeat: 1, most: 100 }
const HOUR = 3_600_000

test('a warning is an Event of its object, of type Warning', async () => {
  const { recorder, events, about, cluster } = await given(AT_ONCE)
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'exit code 3' })
  const [event] = await eventually(() => expectEvents(events, 1))
  const configMap = cluster.store.get('configmaps', NAMESPACE, 'first')
  expect(event).toMatchObject({
    metadata: { namespace: NAMESPACE, name: expect.stringMatching(/^first\.[0-9a-f]{16}$/) },
    involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', name: 'first', uid: configMap?.metadata.uid },
    type: 'Warning',
    reason: 'RunFailed',
    message: 'exit code 3',
    count: 1,
    firstTimestamp: '2026-11-23T04:00:00Z',
    lastTimestamp: '2026-11-23T04:00:00Z',
    source: { component: 'opifer-worker' },
  })
})

test('a storm of warnings about one object is one Event that counts them, in very few calls', async () => {
  const { recorder, events, about, results, cluster, pass } = await given({ ...AT_ONCE, repeat: 100 })
  for (let number = 1; number <= 500; number++) {
    recorder.warn({ about: about('first'), reason: 'RunFailed', message: `run ${number}` })
  }
  await eventually(() => expectEvents(events, 1))
  pass(60_000)
  for (let number = 501; number <= 1_000; number++) {
    recorder.warn({ about: about('first'), reason: 'RunFailed', message: `run ${number}` })
  }
  await eventually(() => expect(events()[0]).toMatchObject({ count: 1_000, message: 'run 1000' }))
  expect(events()).toHaveLength(1)
  expect(events()[0]).toMatchObject({ firstTimestamp: '2026-11-23T04:00:00Z', lastTimestamp: '2026-11-23T04:01:00Z' })
  expect(cluster.calls('create', 'events')).toBe(1)
  // One for each half of the storm, at the most.
  expect(cluster.calls('patch', 'events')).toBeLessThanOrEqual(2)
  expect(new Set(results)).toEqual(new Set(['written']))
})

test('warnings about other objects, or for other reasons, are Events of their own', async () => {
  const { recorder, events, about } = await given(AT_ONCE)
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'a' })
  recorder.warn({ about: about('first'), reason: 'OperarioInvalid', message: 'b' })
  recorder.warn({ about: about('second'), reason: 'RunFailed', message: 'c' })
  await eventually(() => expectEvents(events, 3))
  expect(new Set(events().map(({ message }) => message))).toEqual(new Set(['a', 'b', 'c']))
})

test('an Event that the API server has forgotten is created anew, with the count so far', async () => {
  const { recorder, events, about, cluster } = await given(AT_ONCE)
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'a' })
  const [event] = await eventually(() => expectEvents(events, 1))
  cluster.store.remove('events', NAMESPACE, event?.metadata.name ?? '')
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'b' })
  await eventually(() => expect(events()[0]).toMatchObject({ count: 2, message: 'b' }))
})

test('a write that fails is counted and not tried again; the next one tells of all', async () => {
  const { recorder, events, about, results, cluster } = await given(AT_ONCE)
  cluster.faults.add({ verb: 'create', resource: 'events', fault: { type: 'status', code: 403 }, times: 1 })
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'a' })
  await eventually(() => expect(results).toEqual(['failed']))
  expect(events()).toEqual([])
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'b' })
  await eventually(() => expectEvents(events, 1))
  expect(events()[0]).toMatchObject({ count: 2, message: 'b' })
})

test('of more objects than are kept in mind, one that has nothing new to tell is forgotten', async () => {
  const { recorder, events, about } = await given({ gap: 1, repeat: HOUR, most: 1 })
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'a' })
  await eventually(() => expectEvents(events, 1))
  recorder.warn({ about: about('second'), reason: 'RunFailed', message: 'b' })
  await eventually(() => expect(events()).toHaveLength(2))
})

test('of more objects than are kept in mind, while all have news, a new one is left out and counted', async () => {
  const { recorder, events, about, results } = await given({ gap: 1, repeat: HOUR, most: 1 })
  for (const message of ['a', 'b']) recorder.warn({ about: about('first'), reason: 'RunFailed', message })
  recorder.warn({ about: about('second'), reason: 'RunFailed', message: 'c' })
  expect(results).toEqual(['dropped'])
  await eventually(() => expectEvents(events, 1))
})

test('a message is as long as Kubernetes takes, whatever the run has to tell', async () => {
  const { recorder, events, about } = await given(AT_ONCE)
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: `${'x'.repeat(1_023)}😀` })
  const [event] = await eventually(() => expectEvents(events, 1))
  expect(String(event?.message)).toHaveLength(1_024)
})

test('stopping waits for no answer', async () => {
  const { recorder, about, cluster } = await given(AT_ONCE)
  cluster.faults.add({ verb: 'create', resource: 'events', fault: { type: 'latency', milliseconds: 60_000 } })
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'a' })
  await eventually(() => expect(cluster.faults.list()[0]?.hits).toBe(1))
  const startedAt = performance.now()
  await recorder.stop()
  expect(performance.now() - startedAt).toBeLessThan(5_000)
})

async function given(limits: EventRecorderLimits) {
  const cluster = await givenCluster()
  for (const name of ['first', 'second']) cluster.store.create('configmaps', stored('ConfigMap', name))
  const results: EventResult[] = []
  let now = Date.parse('2026-11-23T04:00:00.900Z')
  const deps = {
    api: cluster.api,
    log: silent,
    onResult: (result: EventResult) => void results.push(result),
    now: () => now,
  }
  const recorder = createEventRecorder(deps, limits)
  onTestFinished(() => recorder.stop())
  return {
    cluster,
    recorder,
    results,
    events: () => cluster.store.list('events'),
    about: (name: string) => referTo(cluster, name),
    pass: (ms: number) => void (now += ms),
  }
}

function referTo({ store }: TestCluster, name: string): ObjectReference {
  const { uid, resourceVersion } = store.get('configmaps', NAMESPACE, name)?.metadata ?? {
    uid: '',
    resourceVersion: '',
  }
  return { apiVersion: 'v1', kind: 'ConfigMap', namespace: NAMESPACE, name, uid, resourceVersion }
}

function expectEvents<Event>(events: () => Event[], count: number): Event[] {
  expect(events()).toHaveLength(count)
  return events()
}
