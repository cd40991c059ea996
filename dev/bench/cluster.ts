import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AuditLog, startDevCluster } from '@opifer/devcluster'
import { LABEL } from '@opifer/core'
import { connectKube, jobsPath } from '@opifer/testkit'
import { ALERTNAME } from './alerts.ts'
import type { Bench } from './bench.ts'
import { configMap } from './operario.ts'
import type { ApiServerRequest, ApiServerResponse } from './processes/api-server.ts'
import type { JobStoreOptions } from './stub/job-store.ts'

/** A cluster that contains the Operario. */
export interface Cluster {
  kubeconfig: string
  /** Only in the development cluster. */
  audit?: AuditLog
}

/** The cluster of `--kubeconfig`, or a development cluster without controllers. */
export async function openCluster(bench: Bench): Promise<Cluster> {
  const cluster = bench.kubeconfig === undefined ? await openDevCluster(bench) : { kubeconfig: bench.kubeconfig }
  const kube = await connectKube(cluster.kubeconfig)
  bench.onClose(() => kube.close())
  const configMaps = `/api/v1/namespaces/${kube.namespace}/configmaps`
  const { uid, resourceVersion, ...metadata } = configMap(kube.namespace).metadata
  await kube.call('POST', configMaps, { ...configMap(kube.namespace), metadata })
  bench.onClose(async () => {
    await kube.call('DELETE', `${configMaps}/${metadata.name}`)
    const mine = encodeURIComponent(`${LABEL.alert}=${ALERTNAME}`)
    await kube.call('DELETE', `${jobsPath(kube.namespace)}?labelSelector=${mine}&propagationPolicy=Background`)
  })
  return cluster
}

async function openDevCluster(bench: Bench): Promise<Cluster> {
  const cluster = await startDevCluster({ controllers: false })
  bench.onClose(() => cluster.stop())
  const kubeconfig = join(bench.dir, 'devcluster.kubeconfig')
  await cluster.writeKubeconfig(kubeconfig)
  return { kubeconfig, audit: cluster.audit }
}

/** The API server stand-in. */
export interface StandIn {
  kubeconfig: string
  reset(options?: JobStoreOptions): Promise<void>
  count(): Promise<{ jobs: number; conflicts: number }>
}

export async function startStandIn(bench: Bench): Promise<StandIn> {
  const helper = bench.helper<ApiServerRequest, ApiServerResponse>('api-server.ts')
  const access = await helper.ask({ kind: 'start', configMap: configMap('default') })
  const kubeconfig = join(bench.dir, 'stand-in.kubeconfig')
  await writeFile(kubeconfig, kubeconfigText(access), { mode: 0o600 })
  return {
    kubeconfig,
    async reset(options = {}) {
      await helper.ask({ kind: 'reset', ...options })
    },
    count: () => helper.ask({ kind: 'count' }),
  }
}

/** JSON is YAML too. */
function kubeconfigText({ url, cert }: ApiServerResponse): string {
  const name = 'stand-in'
  const ca = Buffer.from(cert).toString('base64')
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': ca } }],
    users: [{ name, user: { token: 'not-checked' } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
    'current-context': name,
  })
}
