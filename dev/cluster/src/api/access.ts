import { createHash, timingSafeEqual } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { dump } from 'js-yaml'
import { generate } from 'selfsigned'

/** A server certificate and the certificate authority that signed it. They live as long as the process. */
export interface Certificates {
  ca: string
  cert: string
  key: string
}

/** @param host a name that clients know the server by, in addition to localhost */
export async function createCertificates(host?: string): Promise<Certificates> {
  const curve = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const
  const authority = await generate([{ name: 'commonName', value: 'devcluster-ca' }], {
    ...curve,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  const names = host === undefined ? ['localhost'] : ['localhost', host]
  const server = await generate([{ name: 'commonName', value: 'devcluster' }], {
    ...curve,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [...names.map((value) => ({ type: 2 as const, value })), { type: 7, ip: '127.0.0.1' }],
      },
    ],
  })
  return { ca: authority.cert, cert: server.cert, key: server.private }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Checks the bearer token. Digests are compared in constant time, whatever the length of the header. */
export function createAuthenticator(token: string): (request: IncomingMessage) => boolean {
  const expected = digest(`Bearer ${token}`)
  return ({ headers }) => timingSafeEqual(digest(headers.authorization ?? ''), expected)
}

export interface ClusterAccess {
  url: string
  /** The certificate authority in PEM. */
  ca: string
  token: string
}

/** A self-contained kubeconfig in YAML. */
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

/** The token gives full access to the cluster: only this user may read the file, even if it existed before. */
export async function writeKubeconfigFile(path: string, kubeconfig: string): Promise<void> {
  await rm(path, { force: true })
  await writeFile(path, kubeconfig, { mode: 0o600, flag: 'wx' })
}
