import { randomBytes } from 'node:crypto'
import { timestamp } from '../store/store.ts'
import type { KubeObject, Store } from '../store/types.ts'

export interface EventRecorder {
  /** Notes something that happened to an object, for `kubectl describe`. */
  record(about: KubeObject, event: RecordedEvent): void
}

export interface RecordedEvent {
  type: 'Normal' | 'Warning'
  reason: string
  message: string
}

export interface EventRecorderOptions {
  store: Store
  /** Who speaks, as `kubectl describe` shows it. */
  component: string
  now: () => Date
  /** How long an event is kept. */
  ttlMs?: number
  /** How many events are kept. */
  limit?: number
}

/**
 * Old events leave when new ones come, so no timer is needed, and a storm of Jobs cannot fill the memory with notes about
 * Jobs that are long gone.
 */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { store, component, now, ttlMs = 3_600_000, limit = 10_000 } = options
  const kept = new Map<string, { namespace: string | undefined; name: string; at: number }>()
  let sequence = 0

  function forgetOld(at: number): void {
    for (const [uid, event] of kept) {
      if (kept.size <= limit && at - event.at < ttlMs) return
      kept.delete(uid)
      store.remove('events', event.namespace, event.name)
    }
  }

  return {
    record(about, event) {
      const time = now()
      sequence += 1
      const suffix = eventSuffix(time, sequence)
      const { metadata } = store.create('events', describeEvent(about, event, { component, time, suffix }))
      kept.set(metadata.uid, { namespace: metadata.namespace, name: metadata.name, at: time.getTime() })
      forgetOld(time.getTime())
    },
  }
}

/** Names in the order of the events, as lists are by name; the random end keeps two recorders apart. */
function eventSuffix(time: Date, sequence: number): string {
  return time.getTime().toString(16) + sequence.toString(16).padStart(6, '0') + randomBytes(2).toString('hex')
}

interface Circumstances {
  component: string
  time: Date
  /** Makes the event's name unique. */
  suffix: string
}

function describeEvent(about: KubeObject, event: RecordedEvent, circumstances: Circumstances): KubeObject {
  const { component, time, suffix } = circumstances
  const { namespace = 'default', name, uid, resourceVersion } = about.metadata
  const at = timestamp(time)
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: `${name}.${suffix}`,
      namespace,
      uid: '',
      resourceVersion: '',
      creationTimestamp: at,
    },
    involvedObject: { apiVersion: about.apiVersion, kind: about.kind, namespace, name, uid, resourceVersion },
    ...event,
    source: { component },
    reportingComponent: component,
    reportingInstance: '',
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  }
}
