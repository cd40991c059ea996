import { KubeConfig } from '@kubernetes/client-node'

/**
 * Loads the kubeconfig from a file or, as kubectl does, from `$KUBECONFIG`, `~/.kube/config` or the pod's service account.
 * Throws when it cannot be read or has no usable API server.
 */
export function loadKubeConfig(file: string | undefined): KubeConfig {
  const source = file === undefined ? 'the kubeconfig' : `the kubeconfig ${file}`
  const kubeConfig = new KubeConfig()
  const error = readInto(kubeConfig, file)
  if (error !== undefined) throw new Error(`cannot read ${source}: ${error}`)
  const cluster = kubeConfig.getCurrentCluster()
  if (!cluster) throw new Error(`${source} has no cluster for its current context`)
  const { server, skipTLSVerify } = cluster
  if (!server.startsWith('https://') && !(server.startsWith('http://') && skipTLSVerify)) {
    throw new Error(`${source} points to ${server}, which is not https; use --kubeconfig to select another`)
  }
  return kubeConfig
}

/** The namespace of the kubeconfig's context. */
export function currentNamespace(kubeConfig: KubeConfig): string {
  return kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace ?? 'default'
}

/** @returns only the first line of the error: the lines after it quote the file, which holds secrets */
function readInto(kubeConfig: KubeConfig, file: string | undefined): string | undefined {
  try {
    if (file === undefined) kubeConfig.loadFromDefault()
    else kubeConfig.loadFromFile(file)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
  }
}
