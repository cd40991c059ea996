import { isObject, itemsOf, fieldsOf, type Fields } from '../store/json.ts'
import { badRequest } from './status.ts'

/** RFC 7386: null deletes, objects merge, everything else replaces. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  return merge(target, patch, (_, value, change) => applyMergePatch(value, change))
}

/**
 * Kubernetes' own merge patch, with as much as `kubectl apply`, `label` and `patch` need for the served kinds: lists with a
 * merge key merge item by item, and `$patch: delete` removes an item. Other directives are ignored. See
 * kubernetes/community, contributors/devel/sig-api-machinery/strategic-merge-patch.md.
 */
export function applyStrategicMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const changes = Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith('$')))
  return merge(target, changes, (field, value, change) => {
    const key = MERGE_KEYS[field]
    if (key === undefined || !Array.isArray(change)) return applyStrategicMergePatch(value, change)
    return mergeItems(itemsOf(value), change.map(fieldsOf), key)
  })
}

/** From the `patchMergeKey` tags in k8s.io/api/{core,batch,meta}/v1/types.go; other lists are replaced. */
const MERGE_KEYS: Record<string, string> = {
  conditions: 'type',
  containers: 'name',
  env: 'name',
  imagePullSecrets: 'name',
  initContainers: 'name',
  ownerReferences: 'uid',
  ports: 'containerPort',
  volumeMounts: 'mountPath',
  volumes: 'name',
}

function merge(target: unknown, patch: Fields, mergeField: (key: string, value: unknown, change: unknown) => unknown) {
  // A Map, because assigning to a key named `__proto__` would lose it.
  const merged = new Map(Object.entries(fieldsOf(target)))
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) merged.delete(key)
    else merged.set(key, mergeField(key, merged.get(key), change))
  }
  return Object.fromEntries(merged)
}

function mergeItems(target: readonly unknown[], patch: readonly Fields[], key: string): unknown[] {
  const merged = new Map(target.map((item) => [fieldsOf(item)[key], item]))
  for (const change of patch) {
    const id = change[key]
    if (id === undefined) throw badRequest(`map: ${JSON.stringify(change)} does not contain declared merge key: ${key}`)
    if (change.$patch === 'delete') merged.delete(id)
    else merged.set(id, applyStrategicMergePatch(merged.get(id), change))
  }
  return [...merged.values()]
}
