import { controllerOf, type Pod } from '../objects/pod.ts'
import type { Store, StoreEvent } from '../store/types.ts'

export interface TrackedPod {
  /** The newest or the last state. */
  readonly pod: Pod
  /** Its object was removed; it still counts, so that a Job's numbers never go back. */
  readonly gone: boolean
  /** Its end is neither success nor failure: the Job was suspended or scaled down. */
  readonly released: boolean
}

/** The pods of each Job. Subscribers to the store that come later find it up to date. */
export interface PodIndex {
  of(jobUid: string): TrackedPod[]
  release(pod: Pod): void
  /** Stops tracking the Job's pods. */
  forget(jobUid: string): void
  stop(): void
}

export function createPodIndex(store: Store): PodIndex {
  const jobs = new Map<string, Map<string, TrackedPod>>()

  function apply({ type, object }: Pick<StoreEvent, 'type' | 'object'>): void {
    const pod = object as Pod
    const owner = controllerOf(pod)
    if (!owner) return
    if (type === 'ADDED' && !jobs.has(owner.uid)) jobs.set(owner.uid, new Map())
    const pods = jobs.get(owner.uid)
    const released = pods?.get(pod.metadata.uid)?.released ?? false
    pods?.set(pod.metadata.uid, { pod, gone: type === 'DELETED', released })
  }

  const unsubscribe = store.subscribe('pods', apply)
  for (const object of store.list('pods')) apply({ type: 'ADDED', object })

  return {
    of: (jobUid) => [...(jobs.get(jobUid)?.values() ?? [])],
    release(pod) {
      const pods = jobs.get(controllerOf(pod)?.uid ?? '')
      const tracked = pods?.get(pod.metadata.uid)
      if (tracked) pods?.set(pod.metadata.uid, { ...tracked, released: true })
    },
    forget: (jobUid) => void jobs.delete(jobUid),
    stop: unsubscribe,
  }
}
