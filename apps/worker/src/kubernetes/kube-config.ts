import { KubeConfig } from '@kubernetes/client-node'

/**
 * The kubeconfig in a file; else, as kubectl does, `$KUBECONFIG`, `~/.kube/config`, or the service account of the pod.
 * Throws when the file can't be read or names no cluster.
 */
export function loadKubeConfig(file: string | undefined): KubeConfig {
  const kubeConfig = new KubeConfig()
  if (file === undefined) kubeConfig.loadFromDefault()
  else kubeConfig.loadFromFile(file)
  if (!kubeConfig.getCurrentCluster())
    throw new Error(`the kubeconfig ${file ?? ''} names no cluster for its current context`)
  return kubeConfig
}

/** The namespace of the kubeconfig's context. */
export function currentNamespace(kubeConfig: KubeConfig): string {
  return kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace ?? 'default'
}
