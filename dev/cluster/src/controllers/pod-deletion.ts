import { timestamp } from '../store/store.ts'
import type { Store } from '../store/types.ts'
import type { Pod } from './pod-types.ts'

/**
 * Asks for a pod's end, as DELETE on a pod does: the kubelet stops its containers and then removes the object.
 * A pod that is asked again keeps its first deadline.
 */
export function requestPodDeletion(store: Store, { metadata }: Pod, now: Date): void {
  const pod = store.get('pods', metadata.namespace, metadata.name) as Pod | undefined
  if (pod?.metadata.uid !== metadata.uid || pod.metadata.deletionTimestamp) return
  const grace = pod.spec.terminationGracePeriodSeconds ?? 30
  store.replace('pods', {
    ...pod,
    metadata: {
      ...pod.metadata,
      deletionTimestamp: timestamp(new Date(now.getTime() + grace * 1000)),
      deletionGracePeriodSeconds: grace,
    } as Pod['metadata'],
  })
}
