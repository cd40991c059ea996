import { randomUUID } from 'node:crypto'
import { ApiException, BatchV1Api, CoreV1Api, KubeConfig, type V1ObjectMeta } from '@kubernetes/client-node'
import type { DevClusterOptions, KubeObject } from '@opifer/devcluster'
import { load } from 'js-yaml'

/** Has a shell and node. */
const TOOLS = process.env['OPIFER_TEST_IMAGE'] ?? 'node:26-alpine'

/**
 * An existing cluster, as a `Cluster`. Each system creates namespaces of its own there and deletes them when it stops.
 * Containers need real images there, so those of the tests are replaced by one that has their programs.
 */
export async function openCluster(kubeconfig: string, images: NonNullable<DevClusterOptions['images']>) {
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
    createNamespace: (name: string) => make(namespaceOf(name)),
    async apply(configMap: KubeObject) {
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
    async list(resource: 'jobs' | 'pods') {
      const list = (of: string) =>
        resource === 'jobs' ? batch.listNamespacedJob({ namespace: of }) : core.listNamespacedPod({ namespace: of })
      const pages = await Promise.all(namespaces.map(list))
      return pages.flatMap(({ items }) => items as unknown as KubeObject[])
    },
    log: ({ metadata: { name, namespace: of = namespace } }: KubeObject, container: string) =>
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

/** Gives the containers of a manifest the tests' programs. Returns any other text unchanged. */
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
