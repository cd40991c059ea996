import type { Pod } from '../controllers/pod-types.ts'

/** All pods share the machine's own address: there is no pod network. */
export const podIp = '127.0.0.1'

/** The value of a pod's field for the downward API; undefined for a field that it does not offer. */
export function fieldValue(pod: Pod, path: string): string | undefined {
  const [, map, key] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? []
  if (map !== undefined && key !== undefined) return pod.metadata[map as 'labels' | 'annotations']?.[key] ?? ''
  return fields.get(path)?.(pod)
}

const fields = new Map<string, (pod: Pod) => string>([
  ['metadata.name', ({ metadata }) => metadata.name],
  ['metadata.namespace', ({ metadata }) => metadata.namespace ?? ''],
  ['metadata.uid', ({ metadata }) => metadata.uid],
  ['spec.nodeName', () => 'devcluster'],
  ['spec.serviceAccountName', ({ spec }) => spec.serviceAccountName ?? 'default'],
  ['status.hostIP', () => podIp],
  ['status.hostIPs', () => podIp],
  ['status.podIP', () => podIp],
  ['status.podIPs', () => podIp],
])
