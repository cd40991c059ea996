import {
  type Alert,
  type InvalidAlert,
  isInvalid,
  operarioAddress,
  type OperarioAddress,
  readOperario,
  type Resolution,
} from '@opifer/core'
import { type ConfigMap, configMapsPath, type KubeApi, type ObjectReference } from '../client/api.ts'
import { Informer, type InformerOptions } from './informer.ts'

/** The Operarios of the cluster, from a watch: resolving one needs no API call. */
export interface Operarios {
  resolve: (alert: Alert) => Resolution
  /** All selected ConfigMaps, whether or not their Operarios are valid. */
  configMaps: () => ConfigMap[]
  read: (address: OperarioAddress) => Resolution | undefined
  /** @param listener called after every change, and after lists that changed nothing; replaces the previous listener */
  onChange: (listener: () => void) => void
  /** The ConfigMap of the Operario for an alert, if it exists. */
  reference: (alert: Alert | InvalidAlert) => ObjectReference | undefined
  informer: Informer<ConfigMap>
}

export interface OperarioSource {
  namespace: string
  labelSelector: string
}

export function watchOperarios(
  api: Pick<KubeApi, 'list' | 'watch'>,
  { namespace, labelSelector }: OperarioSource,
  options: InformerOptions,
): Operarios {
  const store = createStore()
  const collection = { path: configMapsPath(namespace), labelSelector }
  return {
    informer: new Informer<ConfigMap>(api, collection, store, options),
    configMaps: store.configMaps,
    read: (address) => store.read(address),
    onChange: (listener) => store.onChange(listener),
    reference(alert) {
      const address = isInvalid(alert) ? undefined : operarioAddress(alert)
      return address && store.reference(address)
    },
    resolve(alert) {
      const address = operarioAddress(alert)
      if (!address) return { kind: 'unmatched', reason: 'no valid ConfigMap name can be derived from this alertname' }
      return (
        store.read(address) ?? {
          kind: 'unmatched',
          reason: `no ConfigMap ${namespace}/${address.configMap} with labels ${labelSelector}`,
        }
      )
    },
  }
}

/** ConfigMaps by name. Parses a manifest on first use, once per version of its ConfigMap. */
function createStore() {
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
    onEvent(type: 'ADDED' | 'MODIFIED' | 'DELETED', item: ConfigMap) {
      if (type === 'DELETED') byName.delete(item.metadata.name)
      else byName.set(item.metadata.name, item)
      listener?.()
    },
    configMaps: () => [...byName.values()],
    onChange(callback: () => void) {
      listener = callback
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
