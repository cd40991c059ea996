import type { KubeObject, OwnerReference, Store, StoreEvent } from '../store/types.ts'
import type { Pod } from './pod-types.ts'

export interface TrackedPod {
  /** The pod's newest state, or its last one. */
  readonly pod: Pod
  /** Its object is removed: it counts on, so that a Job's numbers never go back. */
  readonly gone: boolean
  /** Its end is neither success nor failure: the Job was suspended or scaled down. */
  readonly released: boolean
}

/** The pods of each Job, so that nobody needs to look through all pods. Whoever subscribes to the store later sees it up to date. */
export interface PodIndex {
  of(jobUid: string): TrackedPod[]
  release(pod: Pod): void
  /** Tracks the Job's pods no longer. */
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

/** The Job that a pod belongs to. */
export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ kind, controller }) => kind === 'Job' && controller)
}
