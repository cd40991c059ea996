import type { KubeObject, ResourceName, Store } from '../../store/types.ts'
import { fieldsOf } from '../../validation/value.ts'
import type { Call } from '../call.ts'
import { forbidden } from '../status.ts'

export type Propagation = 'Background' | 'Foreground' | 'Orphan'

interface Removal {
  propagation: Propagation
  atOnce: boolean
}

const namespaced: readonly ResourceName[] = ['jobs', 'pods', 'configmaps', 'events']
const protectedNamespaces: ReadonlySet<string> = new Set(['default', 'kube-system'])

/**
 * Pods that run are asked to end, everything else goes now: finalizers are not waited for, and Foreground is as Background,
 * where the garbage collector removes the dependants afterwards. Orphan takes their owner off them.
 */
export function removeObjects(call: Call, objects: readonly KubeObject[], { propagation, atOnce }: Removal): void {
  const { resource, namespace } = call.info
  const { store, endPod } = call.state
  if (propagation === 'Orphan') disown(store, namespace, new Set(objects.map(({ metadata }) => metadata.uid)))
  for (const object of objects) {
    const { name } = object.metadata
    if (resource.name === 'namespaces') {
      if (protectedNamespaces.has(name)) throw forbidden(resource, name, 'this namespace may not be deleted')
      emptyNamespace(store, name)
    }
    if (resource.name === 'pods' && endPod && !atOnce && !hasEnded(object)) endPod(object)
    else store.remove(resource.name, namespace, name)
  }
}

function disown(store: Store, namespace: string | undefined, owners: ReadonlySet<string>): void {
  for (const resource of namespaced) {
    for (const { metadata } of store.list(resource, namespace)) {
      if (!metadata.ownerReferences?.some(({ uid }) => owners.has(uid))) continue
      store.mutate(resource, metadata.namespace, metadata.name, (draft) => {
        draft.metadata.ownerReferences = draft.metadata.ownerReferences?.filter(({ uid }) => !owners.has(uid)) ?? []
      })
    }
  }
}

function emptyNamespace(store: Store, namespace: string): void {
  for (const resource of namespaced) {
    for (const { metadata } of store.list(resource, namespace)) store.remove(resource, namespace, metadata.name)
  }
}

function hasEnded({ status }: KubeObject): boolean {
  const { phase } = fieldsOf(status)
  return phase === 'Succeeded' || phase === 'Failed'
}
