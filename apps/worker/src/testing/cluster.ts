import { type DevCluster, startDevCluster } from '@opifer/devcluster'
import { KubeConfig } from '@kubernetes/client-node'
import { onTestFinished, type TestContext } from 'vitest'
import { createKubeApi, type KubeApi } from '../kubernetes/client/api.ts'
import { createCredentials } from '../kubernetes/client/credentials.ts'
import { createTransport, type Transport } from '../kubernetes/client/transport.ts'

export const NAMESPACE = 'default'

export interface TestCluster extends DevCluster {
  api: KubeApi
  /** How often that was asked of the cluster. */
  calls: (verb: string, resource: string) => number
}

/** What a test that runs beside others has of its own: it must be told what is to be closed when it ends. */
export type Test = Pick<TestContext, 'onTestFinished'>

/** A development cluster in which nothing changes by itself, with a worker's way to it. It stops when the test ends. */
export async function givenCluster(test: Test = { onTestFinished }): Promise<TestCluster> {
  const cluster = await startDevCluster({ controllers: false })
  test.onTestFinished(() => cluster.stop())
  const api = createKubeApi(givenTransport(cluster.kubeconfig, test))
  const calls = (verb: string, resource: string) =>
    cluster.audit.entries().filter((entry) => entry.verb === verb && entry.resource === resource).length
  return { ...cluster, api, calls }
}

/** A transport by this kubeconfig, whose connections are gone when the test ends. */
export function givenTransport(kubeconfig: string, test: Test = { onTestFinished }): Transport {
  const credentials = createCredentials(() => parseKubeConfig(kubeconfig))
  test.onTestFinished(() => credentials.close())
  return createTransport(credentials, 'opifer-test')
}

export function parseKubeConfig(kubeconfig: string): KubeConfig {
  const parsed = new KubeConfig()
  parsed.loadFromString(kubeconfig)
  return parsed
}

/** A kubeconfig, in JSON, which is YAML too. Plain HTTP must be allowed to client-node explicitly. */
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
