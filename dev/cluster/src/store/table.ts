import type { KubeObject } from './types.ts'

/** The objects of one resource, in order of namespace and name. */
export interface Table {
  get(namespace: string | undefined, name: string): KubeObject | undefined
  set(object: KubeObject): void
  delete(object: KubeObject): void
  list(namespace?: string): KubeObject[]
}

export function createTable(): Table {
  const objects = new Map<string, KubeObject>()
  // Sorted anew only after a name came or went: lists are frequent, and most changes are of known objects.
  let sorted: string[] | undefined

  return {
    get: (namespace, name) => objects.get(keyOf(namespace, name)),
    set(object) {
      const key = keyOf(object.metadata.namespace, object.metadata.name)
      if (!objects.has(key)) sorted = undefined
      objects.set(key, object)
    },
    delete(object) {
      if (objects.delete(keyOf(object.metadata.namespace, object.metadata.name))) sorted = undefined
    },
    list(namespace) {
      sorted ??= [...objects.keys()].sort()
      const keys = namespace === undefined ? sorted : sorted.filter((key) => key.startsWith(`${namespace}/`))
      return keys.map((key) => objects.get(key) as KubeObject)
    },
  }
}

/** As etcd's keys, whose order is the order of lists. Cluster-scoped objects stand under the empty namespace. */
function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`
}
