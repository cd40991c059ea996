import { randomBytes } from 'node:crypto'
import { timestamp } from '../store/store.ts'
import type { KubeObject, Store } from '../store/types.ts'

export interface EventRecorder {
  /** Records an Event about an object, for `kubectl describe`. */
  record(about: KubeObject, event: RecordedEvent): void
}

export interface RecordedEvent {
  type: 'Normal' | 'Warning'
  reason: string
  message: string
}

export interface EventRecorderOptions {
  store: Store
  /** The source that `kubectl describe` shows. */
  component: string
  now: () => Date
  /** How many Events are kept; the oldest are removed first, so that a storm of Jobs cannot fill the memory. */
  limit?: number
}

export function createEventRecorder({ store, component, now, limit = 10_000 }: EventRecorderOptions): EventRecorder {
  const kept: KubeObject[] = []
  let sequence = 0

  return {
    record(about, event) {
      sequence += 1
      const { namespace = 'default', name, uid, resourceVersion } = about.metadata
      const at = timestamp(now())
      // Lists are sorted by name: names follow the order of the Events, and the random end separates two recorders.
      const order = now().getTime().toString(16) + sequence.toString(16).padStart(6, '0')
      const suffix = order + randomBytes(2).toString('hex')
      const recorded = store.create('events', {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: `${name}.${suffix}`, namespace, uid: '', resourceVersion: '', creationTimestamp: at },
        involvedObject: { apiVersion: about.apiVersion, kind: about.kind, namespace, name, uid, resourceVersion },
        ...event,
        source: { component },
        reportingComponent: component,
        reportingInstance: '',
        firstTimestamp: at,
        lastTimestamp: at,
        count: 1,
      })
      kept.push(recorded)
      const oldest = kept.length > limit ? kept.shift()?.metadata : undefined
      if (oldest) store.remove('events', oldest.namespace, oldest.name)
    },
  }
}
