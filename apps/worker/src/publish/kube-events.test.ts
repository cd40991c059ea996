import { PATIENCE } from '@opifer/testkit'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ObjectReference } from '../kubernetes/client/api.ts'
import type { EventResult } from '../metrics.ts'
import { silent, stored } from '../testing/builders.ts'
import { NAMESPACE, startCluster, type TestCluster } from '../testing/cluster.ts'
import { createEventRecorder, type EventRecorderLimits } from './kube-events.ts'

const AT_ONCE: EventRecorderLimits = { interval: 1, repeatInterval: 1, max: 100 }
const HOUR = 3_600_000

test('a warning becomes an Event of type Warning about its object', async () => {
  const { recorder, events, about, cluster } = await startRecorder(AT_ONCE)
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'exit code 3' })
  const [event] = await vi.waitFor(() => expectEvents(events, 1), PATIENCE)
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

test('a storm of warnings about one object becomes one Event that counts them, in few calls', async () => {
  const { recorder, events, about, results, cluster, pass } = await startRecorder({ ...AT_ONCE, repeatInterval: 100 })
  for (let number = 1; number <= 500; number++) {
    recorder.warn({ about: about('first'), reason: 'RunFailed', message: `run ${number}` })
  }
  await vi.waitFor(() => expectEvents(events, 1), PATIENCE)
  pass(60_000)
  for (let number = 501; number <= 1_000; number++) {
    recorder.warn({ about: about('first'), reason: 'RunFailed', message: `run ${number}` })
  }
  await expect.poll(() => events()[0]).toMatchObject({ count: 1_000, message: 'run 1000' })
  expect(events()).toHaveLength(1)
  expect(events()[0]).toMatchObject({ firstTimestamp: '2026-11-23T04:00:00Z', lastTimestamp: '2026-11-23T04:01:00Z' })
  expect(cluster.calls('create', 'events')).toBe(1)
  // At most one for each half of the storm.
  expect(cluster.calls('patch', 'events')).toBeLessThanOrEqual(2)
  expect(new Set(results)).toEqual(new Set(['written']))
})

test('warnings about other objects or for other reasons become separate Events', async () => {
  const { recorder, events, about } = await startRecorder(AT_ONCE)
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'a' })
  recorder.warn({ about: about('first'), reason: 'OperarioInvalid', message: 'b' })
  recorder.warn({ about: about('second'), reason: 'RunFailed', message: 'c' })
  await vi.waitFor(() => expectEvents(events, 3), PATIENCE)
  expect(new Set(events().map(({ message }) => message))).toEqual(new Set(['a', 'b', 'c']))
})

test('an Event that has expired is created again with the count so far', async () => {
  const { recorder, events, about, cluster } = await startRecorder(AT_ONCE)
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'a' })
  const [event] = await vi.waitFor(() => expectEvents(events, 1), PATIENCE)
  cluster.store.remove('events', NAMESPACE, event?.metadata.name ?? '')
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'b' })
  await expect.poll(() => events()[0]).toMatchObject({ count: 2, message: 'b' })
})

test('a failed write is counted and not retried; the next Event includes its warnings', async () => {
  const { recorder, events, about, results, cluster } = await startRecorder(AT_ONCE)
  cluster.faults.add({ verb: 'create', resource: 'events', fault: { type: 'status', code: 403 }, times: 1 })
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'a' })
  await expect.poll(() => results).toEqual(['failed'])
  expect(events()).toEqual([])
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'b' })
  await vi.waitFor(() => expectEvents(events, 1), PATIENCE)
  expect(events()[0]).toMatchObject({ count: 2, message: 'b' })
})

test('at the limit of objects, a new one replaces one that is written', async () => {
  const { recorder, events, about } = await startRecorder({ interval: 1, repeatInterval: HOUR, max: 1 })
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'a' })
  await vi.waitFor(() => expectEvents(events, 1), PATIENCE)
  recorder.warn({ about: about('second'), reason: 'RunFailed', message: 'b' })
  await expect.poll(() => events()).toHaveLength(2)
})

test('at the limit of objects, a warning about a new one is dropped and counted while all others are unwritten', async () => {
  const { recorder, events, about, results } = await startRecorder({ interval: 1, repeatInterval: HOUR, max: 1 })
  for (const message of ['a', 'b']) recorder.warn({ about: about('first'), reason: 'RunFailed', message })
  recorder.warn({ about: about('second'), reason: 'RunFailed', message: 'c' })
  expect(results).toEqual(['dropped'])
  await vi.waitFor(() => expectEvents(events, 1), PATIENCE)
})

test('a message is cut to the length that Kubernetes accepts', async () => {
  const { recorder, events, about } = await startRecorder(AT_ONCE)
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: `${'x'.repeat(1_023)}😀` })
  const [event] = await vi.waitFor(() => expectEvents(events, 1), PATIENCE)
  expect(String(event?.message)).toHaveLength(1_024)
})

test('stop does not wait for a response', async () => {
  const { recorder, about, cluster } = await startRecorder(AT_ONCE)
  cluster.faults.add({ verb: 'create', resource: 'events', fault: { type: 'latency', milliseconds: 60_000 } })
  recorder.warn({ about: about('first'), reason: 'RunFailed', message: 'a' })
  await expect.poll(() => cluster.faults.list()[0]?.hits).toBe(1)
  const startedAt = performance.now()
  await recorder.stop()
  expect(performance.now() - startedAt).toBeLessThan(5_000)
})

async function startRecorder(limits: EventRecorderLimits) {
  const cluster = await startCluster()
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
