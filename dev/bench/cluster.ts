import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AuditLog, startDevCluster } from '@opifer/devcluster'
import { LABEL } from '@opifer/core'
import { connectKube, jobsPath, type Kube } from '@opifer/testkit'
import { ALERTNAME } from './alerts.ts'
import type { Bench } from './bench.ts'
import { configMap } from './operario.ts'
import type { ApiServerRequest, ApiServerResponse } from './processes/api-server.ts'
import type { JobStoreOptions } from './stub/job-store.ts'

/** A cluster that contains the Operario. */
export interface Cluster {
  kubeconfig: string
  /** Sets the status of a Job, as the Job controller would. */
  setStatus(name: string, status: object): Promise<void>
  /** Only in the development cluster. */
  audit?: AuditLog
}

/** The cluster of `--kubeconfig`, or a development cluster without controllers. */
export async function openCluster(bench: Bench): Promise<Cluster> {
  const development = bench.kubeconfig === undefined ? await openDevCluster(bench) : undefined
  const kubeconfig = development?.kubeconfig ?? bench.kubeconfig ?? ''
  const kube = await connectKube(kubeconfig)
  bench.onClose(() => kube.close())
  const configMaps = `/api/v1/namespaces/${kube.namespace}/configmaps`
  const { uid, resourceVersion, ...metadata } = configMap(kube.namespace).metadata
  await kube.call('POST', configMaps, { ...configMap(kube.namespace), metadata })
  bench.onClose(async () => {
    await kube.call('DELETE', `${configMaps}/${metadata.name}`)
    await deleteJobs(kube)
  })
  const jobs = jobsPath(kube.namespace)
  return {
    kubeconfig,
    setStatus: async (name, status) => void (await kube.call('PATCH', `${jobs}/${name}/status`, { status })),
    ...development,
  }
}

async function deleteJobs(kube: Kube): Promise<void> {
  const jobs = jobsPath(kube.namespace)
  const mine = encodeURIComponent(`${LABEL.alert}=${ALERTNAME}`)
  const { items } = await kube.call<{ items: { metadata: { name: string } }[] }>('GET', `${jobs}?labelSelector=${mine}`)
  for (const { metadata } of items) {
    await kube.call('DELETE', `${jobs}/${metadata.name}?propagationPolicy=Background`)
  }
}

async function openDevCluster(bench: Bench): Promise<Cluster> {
  const cluster = await startDevCluster({ controllers: false })
  bench.onClose(() => cluster.stop())
  const kubeconfig = join(bench.dir, 'devcluster.kubeconfig')
  await cluster.writeKubeconfig(kubeconfig)
  return {
    kubeconfig,
    audit: cluster.audit,
    async setStatus(name, status) {
      cluster.store.mutate('jobs', 'default', name, (draft) => void (draft['status'] = status))
    },
  }
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
