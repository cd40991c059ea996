import { KubeConfig } from '@kubernetes/client-node'

/**
 * The kubeconfig in a file; else, as kubectl does, `$KUBECONFIG`, `~/.kube/config`, or the service account of the pod.
 * Throws when it can't be read or no API server can be reached by it.
 */
export function loadKubeConfig(file: string | undefined): KubeConfig {
  const source = file === undefined ? 'the kubeconfig' : `the kubeconfig ${file}`
  const kubeConfig = new KubeConfig()
  const problem = readInto(kubeConfig, file)
  if (problem !== undefined) throw new Error(`${source} can't be read: ${problem}`)
  const cluster = kubeConfig.getCurrentCluster()
  if (!cluster) throw new Error(`${source} names no cluster for its current context`)
  const { server, skipTLSVerify } = cluster
  if (!server.startsWith('https://') && !(server.startsWith('http://') && skipTLSVerify)) {
    throw new Error(`${source} leads to ${server}, which is not https; tell --kubeconfig where another one is`)
  }
  return kubeConfig
}

/** The namespace of the kubeconfig's context. */
export function currentNamespace(kubeConfig: KubeConfig): string {
  return kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace ?? 'default'
}

/** Tells what is wrong by the first line alone: those after it quote the file, which holds secrets. */
function readInto(kubeConfig: KubeConfig, file: string | undefined): string | undefined {
  try {
    if (file === undefined) kubeConfig.loadFromDefault()
    else kubeConfig.loadFromFile(file)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
  }
}
