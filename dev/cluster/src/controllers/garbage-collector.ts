import type { Store } from '../store/types.ts'
import type { Pod } from './pod-types.ts'
import { requestPodDeletion } from './pod-deletion.ts'
import { controllerOf, type PodIndex } from './pod-index.ts'
import { createWorkQueue } from './work-queue.ts'

export interface GarbageCollectorOptions {
  store: Store
  pods: PodIndex
  now: () => Date
  onError: (key: string, error: unknown) => void
}

/** Deletes the pods of Jobs that are deleted, as background propagation does. Pods whose owner reference was cut off stay. */
export function startGarbageCollector({ store, pods, now, onError }: GarbageCollectorOptions): { stop(): void } {
  const queue = createWorkQueue(collect, onError)
  const unsubscribe = store.subscribe('jobs', ({ type, object }) => {
    if (type === 'DELETED') queue.add(object.metadata.uid)
  })

  function collect(jobUid: string): void {
    for (const { pod } of pods.of(jobUid)) {
      const current = store.get('pods', pod.metadata.namespace, pod.metadata.name) as Pod | undefined
      if (current && controllerOf(current)?.uid === jobUid) requestPodDeletion(store, current, now())
    }
    pods.forget(jobUid)
  }

  return {
    stop() {
      unsubscribe()
      queue.stop()
    },
  }
}
