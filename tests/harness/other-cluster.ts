import { randomUUID } from 'node:crypto'
import { ApiException, BatchV1Api, CoreV1Api, KubeConfig, type V1ObjectMeta } from '@kubernetes/client-node'
import type { DevClusterOptions, KubeObject } from '@opifer/devcluster'
import { load } from 'js-yaml'
import type { Cluster } from './cluster.ts'

/** Has a shell and node. */
const TOOLS = process.env['OPIFER_TEST_IMAGE'] ?? 'node:26-alpine'

/**
 * A cluster that somebody else runs. What a system makes there is in namespaces of its own, and goes with it. Containers
 * need images there: those of the tests give way to one that has their programs.
 */
export async function openCluster(
  kubeconfig: string,
  images: NonNullable<DevClusterOptions['images']>,
): Promise<Cluster> {
  const access = new KubeConfig()
  access.loadFromFile(kubeconfig)
  const core = access.makeApiClient(CoreV1Api)
  const batch = access.makeApiClient(BatchV1Api)
  const namespace = `opifer-test-${randomUUID().slice(0, 8)}`
  const namespaces: string[] = []

  const namespaceOf = (name: string) => `${namespace}-${name}`

  async function make(name: string): Promise<string> {
    if (!namespaces.includes(name)) await core.createNamespace({ body: { metadata: { name } } })
    if (!namespaces.includes(name)) namespaces.push(name)
    return name
  }

  await make(namespace)
  return {
    kubeconfig,
    namespace,
    dev: undefined,
    namespaceOf,
    createNamespace: (name) => make(namespaceOf(name)),
    async apply(configMap) {
      const { namespace: asked } = configMap.metadata
      const into = asked === undefined ? namespace : await make(namespaceOf(asked))
      const data = Object.entries(configMap['data'] as Record<string, string>)
      const { name } = configMap.metadata
      const metadata = { ...configMap.metadata, namespace: into } as unknown as V1ObjectMeta
      const body = {
        metadata,
        data: Object.fromEntries(data.map(([key, text]) => [key, withTools(text, images)])),
      }
      try {
        await core.createNamespacedConfigMap({ namespace: into, body })
      } catch (error) {
        if (!(error instanceof ApiException) || error.code !== 409) throw error
        await core.replaceNamespacedConfigMap({ namespace: into, name, body })
      }
    },
    async list(resource) {
      const list = (of: string) =>
        resource === 'jobs' ? batch.listNamespacedJob({ namespace: of }) : core.listNamespacedPod({ namespace: of })
      const pages = await Promise.all(namespaces.map(list))
      return pages.flatMap(({ items }) => items as unknown as KubeObject[])
    },
    log: ({ metadata: { name, namespace: of = namespace } }, container) =>
      core.readNamespacedPodLog({ name, namespace: of, container }),
    async stop() {
      for (const name of new Set(namespaces)) await core.deleteNamespace({ name })
    },
  }
}

interface Manifest {
  spec?: { template?: { spec?: { containers?: Container[]; initContainers?: Container[] } } }
}

interface Container {
  image?: string
  command?: string[]
}

/** A manifest whose containers have the tests' programs; what is no manifest stays as it is. */
function withTools(text: string, images: NonNullable<DevClusterOptions['images']>): string {
  const manifest = parse(text)
  const pod = manifest?.spec?.template?.spec
  if (!pod) return text
  for (const container of [...(pod.initContainers ?? []), ...(pod.containers ?? [])]) {
    const command = container.command ?? images[repositoryOf(container)]?.command
    if (command) container.command = command.map((word) => (word === process.execPath ? 'node' : word))
    container.image = TOOLS
  }
  return JSON.stringify(manifest)
}

function repositoryOf({ image = '' }: Container): string {
  return image.replace(/:[^:/]*$/, '')
}

function parse(text: string): Manifest | undefined {
  try {
    return load(text) as Manifest
  } catch {
    return undefined
  }
}
