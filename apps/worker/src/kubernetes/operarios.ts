import {
  type Alert,
  type InvalidAlert,
  isInvalid,
  operarioAddress,
  type OperarioAddress,
  readOperario,
  type Resolution,
} from '@opifer/core'
import { type ConfigMap, configMapsPath, type KubeApi, type ObjectReference } from './api.ts'
import { Mirror, type MirrorOptions } from './mirror.ts'

/** The Operarios of the cluster, kept at hand by a watch: resolving one costs no call. */
export interface Operarios {
  resolve: (alert: Alert) => Resolution
  /** Every ConfigMap there is, in whatever state its Operarios are. */
  configMaps: () => ConfigMap[]
  read: (address: OperarioAddress) => Resolution | undefined
  /** @param listener called when any of them has changed, and now and then when none has */
  tellOfChanges: (listener: () => void) => void
  /** The ConfigMap that an alert leads to, if there is one. */
  reference: (alert: Alert | InvalidAlert) => ObjectReference | undefined
  mirror: Mirror<ConfigMap>
}

export interface OperarioSource {
  namespace: string
  labelSelector: string
}

export function watchOperarios(
  api: Pick<KubeApi, 'list' | 'watch'>,
  { namespace, labelSelector }: OperarioSource,
  options: MirrorOptions,
): Operarios {
  const shelf = createShelf()
  const collection = { path: configMapsPath(namespace), labelSelector }
  return {
    mirror: new Mirror<ConfigMap>(api, collection, shelf, options),
    configMaps: shelf.configMaps,
    read: (address) => shelf.read(address),
    tellOfChanges: (listener) => shelf.tellOfChanges(listener),
    reference(alert) {
      const address = isInvalid(alert) ? undefined : operarioAddress(alert)
      return address && shelf.reference(address)
    },
    resolve(alert) {
      const address = operarioAddress(alert)
      if (!address) return { kind: 'unmatched', reason: 'no ConfigMap can have the name that this alertname asks for' }
      return (
        shelf.read(address) ?? {
          kind: 'unmatched',
          reason: `no ConfigMap ${namespace}/${address.configMap} with labels ${labelSelector}`,
        }
      )
    },
  }
}

/** ConfigMaps by name. A manifest is parsed when it is first asked for, once for each version of its ConfigMap. */
function createShelf() {
  let listener: (() => void) | undefined
  let byName = new Map<string, ConfigMap>()
  const parsed = new WeakMap<ConfigMap, Map<string, Resolution>>()
  const knownOr = (item: ConfigMap): ConfigMap => {
    const known = byName.get(item.metadata.name)
    return known?.metadata.resourceVersion === item.metadata.resourceVersion ? known : item
  }
  return {
    onList(items: ConfigMap[]) {
      byName = new Map(items.map((item) => [item.metadata.name, knownOr(item)]))
      listener?.()
    },
    onChange(type: 'ADDED' | 'MODIFIED' | 'DELETED', item: ConfigMap) {
      if (type === 'DELETED') byName.delete(item.metadata.name)
      else byName.set(item.metadata.name, item)
      listener?.()
    },
    configMaps: () => [...byName.values()],
    tellOfChanges(told: () => void) {
      listener = told
    },
    reference({ configMap }: OperarioAddress): ObjectReference | undefined {
      const metadata = byName.get(configMap)?.metadata
      if (!metadata) return undefined
      const { namespace, name, uid, resourceVersion } = metadata
      return { apiVersion: 'v1', kind: 'ConfigMap', namespace, name, uid, resourceVersion }
    },
    read(address: OperarioAddress): Resolution | undefined {
      const configMap = byName.get(address.configMap)
      if (!configMap) return undefined
      const byKey = parsed.get(configMap) ?? new Map<string, Resolution>()
      parsed.set(configMap, byKey)
      const resolution = byKey.get(address.key) ?? readOperario(configMap, address)
      byKey.set(address.key, resolution)
      return resolution
    },
  }
}
