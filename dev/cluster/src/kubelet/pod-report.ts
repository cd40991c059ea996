import type { Pod } from '../controllers/pod-types.ts'
import { timestamp } from '../store/store.ts'
import type { Store } from '../store/types.ts'
import { createPodRecord, type PodRecord, podStatus } from './pod-status.ts'

/** A pod's record, and its way into the store. */
export interface PodReport {
  /** Change it freely, and then call `changed` or `write`. */
  readonly record: PodRecord
  /** Writes soon: changes that come together, such as several containers starting, are one write. */
  changed(): void
  /** Writes now. */
  write(): void
}

export function createPodReport(pod: Pod, store: Store, now: () => Date): PodReport {
  const { namespace, name, uid } = pod.metadata
  const record = createPodRecord(pod, timestamp(now()))
  let pending: NodeJS.Immediate | undefined

  function write(): void {
    clearImmediate(pending)
    pending = undefined
    const current = store.get('pods', namespace, name) as Pod | undefined
    // The pod may be gone, and another may have its name.
    if (current?.metadata.uid !== uid) return
    store.replace('pods', { ...current, status: podStatus(record, current.status, timestamp(now())) })
  }

  return {
    record,
    changed() {
      pending ??= setImmediate(write)
    },
    write,
  }
}
