/**
 * By which field the items of a list are known, by the list's name. No two lists of the served kinds share a name and differ
 * in their key. From the `patchMergeKey` tags in k8s.io/api/{core,batch,meta}/v1/types.go; lists that are not here are replaced whole.
 */
export const mergeKeys: Record<string, string> = {
  conditions: 'type',
  containers: 'name',
  env: 'name',
  ephemeralContainers: 'name',
  hostAliases: 'ip',
  hostIPs: 'ip',
  imagePullSecrets: 'name',
  initContainers: 'name',
  ownerReferences: 'uid',
  podIPs: 'ip',
  ports: 'containerPort',
  resourceClaims: 'name',
  schedulingGates: 'name',
  topologySpreadConstraints: 'topologyKey',
  volumeDevices: 'devicePath',
  volumeMounts: 'mountPath',
  volumes: 'name',
}

/** Lists of plain values that are merged as sets. */
export const primitiveSets: ReadonlySet<string> = new Set(['finalizers'])
