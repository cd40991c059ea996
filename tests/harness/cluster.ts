import { join } from 'node:path'
import {
  type DevCluster,
  type DevClusterOptions,
  type KubeObject,
  startDevCluster,
  validateConfigMap,
} from '@opifer/devcluster'
import { openCluster } from './other-cluster.ts'
import { assertGranted } from '@opifer/devcluster'

/** The cluster that a system creates its Jobs in. */
export interface Cluster {
  /** Path of its kubeconfig. */
  readonly kubeconfig: string
  /** Where Operarios and Jobs are, if nothing else is said. */
  readonly namespace: string
  /** The development cluster in this process, which can be made to misbehave; undefined where it is another one. */
  readonly dev: DevCluster | undefined
  /** What a namespace of this name is called there. */
  namespaceOf(name: string): string
  /** Makes it, and returns what it is called there. */
  createNamespace(name: string): Promise<string>
  /** As `kubectl apply` does it. */
  apply(configMap: KubeObject): Promise<void>
  /** In all namespaces of this system. */
  list(resource: 'jobs' | 'pods'): Promise<KubeObject[]>
  log(pod: KubeObject, container: string): Promise<string>
  stop(): Promise<void>
}

export interface ClusterOptions {
  /** For files that go with the cluster. */
  folder: string
  images?: DevClusterOptions['images'] | undefined
}

/**
 * The cluster of `OPIFER_TEST_KUBECONFIG`, in which each system uses its own namespaces; without that variable, a
 * development cluster in this process.
 */
export function provideCluster(options: ClusterOptions): Promise<Cluster> {
  const kubeconfig = process.env['OPIFER_TEST_KUBECONFIG']
  return kubeconfig === undefined ? startDev(options) : openCluster(kubeconfig, options.images ?? {})
}

/** A cluster that tries a failed pod again at once: tests have no ten seconds for that. */
const FAST = { podBackoffBaseMs: 10, podBackoffMaxMs: 10 }

async function startDev({ folder, images }: ClusterOptions): Promise<Cluster> {
  const dev = await startDevCluster({ timing: FAST, ...(images && { images }) })
  const { store, logs } = dev
  const kubeconfig = join(folder, 'kubeconfig')
  await dev.writeKubeconfig(kubeconfig)
  return {
    kubeconfig,
    namespace: 'default',
    dev,
    namespaceOf: (name) => name,
    async createNamespace(name) {
      store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as KubeObject)
      return name
    },
    async apply(configMap) {
      const errors = validateConfigMap(configMap)
      if (errors.length > 0) throw new Error(`Kubernetes takes no such ConfigMap: ${JSON.stringify(errors)}`)
      const object = structuredClone(configMap)
      object.metadata.namespace ??= 'default'
      if (!store.replace('configmaps', object)) store.create('configmaps', object)
    },
    list: async (resource) => [...store.list(resource)],
    async log({ metadata }, container) {
      const chunks = logs.read(metadata.uid, container) ?? []
      return Buffer.concat(chunks.map(({ data }) => data)).toString()
    },
    async stop() {
      await dev.stop()
      await assertGranted(dev.audit.entries())
    },
  }
}
