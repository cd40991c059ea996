import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { eventually, freePort, type ManagedProcess, startProcess } from '@opifer/testkit'

export interface ApiServer {
  /** Path of a kubeconfig. */
  kubeconfig: string
  stop(): Promise<void>
}

/** Starts the `kube-apiserver` and `etcd` of a folder, as `setup-envtest` fetches them, without controllers or nodes. */
export async function startApiServer(assets: string, folder: string): Promise<ApiServer> {
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()]
  const token = randomBytes(16).toString('hex')
  const processes: ManagedProcess[] = []
  const stop = async () => {
    for (const process of processes.toReversed()) await process.stop()
  }
  try {
    const start = async (command: string, flags: Record<string, string>) => {
      const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
      processes.push(await startProcess({ command: join(assets, command), args }))
    }
    await start('etcd', etcdFlags(folder, etcdPort, peerPort))
    await start('kube-apiserver', await apiServerFlags(folder, { etcdPort, port, token }))
    await eventually(() => assertReady(port, token), { timeout: 60_000 })
    const kubeconfig = join(folder, 'api-server')
    await writeFile(kubeconfig, JSON.stringify(access(port, token)), { mode: 0o600 })
    return { kubeconfig, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function etcdFlags(folder: string, port: number, peerPort: number): Record<string, string> {
  const url = `http://127.0.0.1:${port}`
  return {
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': `http://127.0.0.1:${peerPort}`,
  }
}

async function apiServerFlags(
  folder: string,
  { etcdPort, port, token }: Record<'etcdPort' | 'port', number> & { token: string },
) {
  const file = (name: string) => join(folder, name)
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  await mkdir(file('certificates'))
  await writeFile(file('sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 })
  await writeFile(file('sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
  await writeFile(file('tokens.csv'), `${token},tests,tests,"system:masters"\n`, { mode: 0o600 })
  return {
    'etcd-servers': `http://127.0.0.1:${etcdPort}`,
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'cert-dir': file('certificates'),
    'token-auth-file': file('tokens.csv'),
    'authorization-mode': 'RBAC',
    'service-account-issuer': 'https://localhost',
    'service-account-key-file': file('sa.pub'),
    'service-account-signing-key-file': file('sa.key'),
    'service-cluster-ip-range': '10.0.0.0/24',
    // Without controllers, no namespace gets the service account that pods need.
    'disable-admission-plugins': 'ServiceAccount',
  }
}

function assertReady(port: number, token: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const headers = { Authorization: `Bearer ${token}` }
  request(
    { host: '127.0.0.1', port, path: '/readyz', headers, rejectUnauthorized: false, agent: false },
    (response) => {
      response.resume()
      if (response.statusCode === 200) resolve()
      else reject(new Error(`/readyz answers ${response.statusCode}`))
    },
  )
    .on('error', reject)
    .end()
  return promise
}

function access(port: number, token: string) {
  const name = 'tests'
  const server = `https://127.0.0.1:${port}`
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  }
}
