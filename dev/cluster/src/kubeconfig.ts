import { rm, writeFile } from 'node:fs/promises'
import { dump } from 'js-yaml'

export interface ClusterAccess {
  url: string
  /** The certificate authority, in PEM. */
  ca: string
  token: string
}

/** A kubeconfig in YAML, with all it needs inside it. */
export function renderKubeconfig({ url, ca, token }: ClusterAccess): string {
  const name = 'devcluster'
  return dump({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    'current-context': name,
  })
}

/** The token gives full power over the cluster, so nobody else may read the file, not even one that was there before. */
export async function writeKubeconfigFile(path: string, kubeconfig: string): Promise<void> {
  await rm(path, { force: true })
  await writeFile(path, kubeconfig, { mode: 0o600, flag: 'wx' })
}
