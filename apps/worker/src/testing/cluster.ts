import { type DevCluster, startDevCluster } from '@opifer/devcluster'
import { KubeConfig } from '@kubernetes/client-node'
import { onTestFinished, type TestContext } from 'vitest'
import { createKubeApi, type KubeApi } from '../kubernetes/client/api.ts'
import { createCredentials } from '../kubernetes/client/credentials.ts'
import { createTransport, type Transport } from '../kubernetes/client/transport.ts'

export const NAMESPACE = 'default'

export interface TestCluster extends DevCluster {
  api: KubeApi
  /** Number of requests that the cluster has served. */
  calls: (verb: string, resource: string) => number
}

/** Context of a concurrent test, which cannot use the global hooks. */
export type Test = Pick<TestContext, 'onTestFinished'>

/** Starts a development cluster without controllers, with a worker's client. Stops it when the test ends. */
export async function startCluster(test: Test = { onTestFinished }): Promise<TestCluster> {
  const cluster = await startDevCluster({ controllers: false })
  test.onTestFinished(() => cluster.stop())
  const api = createKubeApi(makeTransport(cluster.kubeconfig, test))
  const calls = (verb: string, resource: string) =>
    cluster.audit.entries().filter((entry) => entry.verb === verb && entry.resource === resource).length
  return { ...cluster, api, calls }
}

/** Makes a transport for this kubeconfig. Closes its connections when the test ends. */
export function makeTransport(kubeconfig: string, test: Test = { onTestFinished }): Transport {
  const credentials = createCredentials(() => parseKubeConfig(kubeconfig))
  test.onTestFinished(() => credentials.close())
  return createTransport(credentials, 'opifer-test')
}

export function parseKubeConfig(kubeconfig: string): KubeConfig {
  const parsed = new KubeConfig()
  parsed.loadFromString(kubeconfig)
  return parsed
}

/** @returns a kubeconfig as JSON, which is valid YAML; client-node needs plain HTTP to be allowed explicitly */
export function makeKubeConfig(server: string, user: object = {}, cluster: object = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'test', cluster: { server, 'insecure-skip-tls-verify': server.startsWith('http:'), ...cluster } },
    ],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  })
}

/** The `cluster` of a kubeconfig that trusts this CA. */
export function trusting(ca: string): { 'certificate-authority-data': string } {
  return { 'certificate-authority-data': Buffer.from(ca).toString('base64') }
}
