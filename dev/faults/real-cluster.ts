import { isIP } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { LABEL } from '@opifer/core'
import { connectKube, type Endpoint, jobsPath, type Kube, type KubeWatchEvent } from '@opifer/testkit'
import type { ClusterSetup, FaultCluster } from './cluster.ts'
import type { JobEvent } from './history.ts'
import { jobEvent } from './job-event.ts'
import type { OperarioManifest } from './operarios.ts'

/**
 * A cluster that is there already, in the namespace of its kubeconfig's context. Everything can befall it but what only the
 * API server itself could do.
 */
export async function openRealCluster(kubeconfig: string, { operarios, onJob }: ClusterSetup): Promise<FaultCluster> {
  const kube = await connectKube(kubeconfig)
  const { namespace } = kube
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`
  for (const operario of operarios) await replace(kube, configMaps, operario)
  const eye = await watchJobs(kube, onJob)
  return {
    api: endpointOf(kube.server),
    kubeconfigThrough: (endpoint) => kubeconfigThrough(kubeconfig, endpoint),
    namespace,
    faults: undefined,
    async deleteJob(chosen) {
      const jobs = [...eye.jobs.values()]
      const job = jobs[Math.floor(chosen * jobs.length)]
      if (job) await remove(kube, `${jobsPath(namespace)}/${job.name}?propagationPolicy=Background`)
      return job
    },
    async stop() {
      eye.stop()
      for (const { metadata } of operarios) await remove(kube, `${configMaps}/${metadata.name}`)
      await remove(kube, `${jobsPath(namespace)}?labelSelector=${LABEL.runId}&propagationPolicy=Background`)
      await kube.close()
    },
  }
}

function endpointOf(server: string): Endpoint {
  const { protocol, hostname, port } = new URL(server)
  return { host: hostname, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
}

/** The name that the certificate is for stays what it was. */
function kubeconfigThrough(file: string, { host, port }: Endpoint): string {
  const config = new KubeConfig()
  config.loadFromFile(file)
  const { currentContext, contexts, users } = config
  const clusters = config.clusters.map((cluster) => {
    if (cluster.name !== config.getCurrentCluster()?.name) return cluster
    const url = new URL(cluster.server)
    const tlsServerName = cluster.tlsServerName ?? certifiedName(url.hostname, host)
    const server = `${url.protocol}//${host}:${port}${url.pathname}`
    return { ...cluster, server, ...(tlsServerName !== undefined && { tlsServerName }) }
  })
  const through = new KubeConfig()
  through.loadFromOptions({ currentContext, contexts, users, clusters })
  return through.exportConfig()
}

/** No address can be asked for as a TLS server name; a certificate of an API server is for `kubernetes` too. */
function certifiedName(hostname: string, asked: string): string | undefined {
  if (isIP(hostname.replace(/^\[|\]$/g, '')) === 0) return hostname
  return hostname === asked ? undefined : 'kubernetes'
}

async function replace(kube: Kube, collection: string, operario: OperarioManifest): Promise<void> {
  await remove(kube, `${collection}/${operario.metadata.name}`)
  await kube.call('POST', collection, operario)
}

async function remove(kube: Kube, path: string): Promise<void> {
  await kube.call('DELETE', path).catch((error: unknown) => {
    if (!String(error).includes(': 404 ')) throw error
  })
}

/** Sees every change of a Job, over a connection that no fault disturbs; opened anew where it left off when the server ends it. */
async function watchJobs(kube: Kube, onJob: (event: JobEvent) => void) {
  const jobs = new Map<string, { name: string; uid: string }>()
  const path = `${jobsPath(kube.namespace)}?labelSelector=${LABEL.runId}`
  let stop: (() => void) | undefined
  function onEvent({ type, object }: KubeWatchEvent): void {
    if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') return
    const { name, uid } = object.metadata
    if (type === 'DELETED') jobs.delete(uid)
    else jobs.set(uid, { name, uid })
    onJob(jobEvent(type, object))
  }
  async function open(since: string): Promise<void> {
    let version = since
    const close = await kube.watch(`${path}&resourceVersion=${since}`, {
      onEvent(event) {
        version = event.object.metadata.resourceVersion
        onEvent(event)
      },
      onEnd: () => void open(version),
    })
    stop = close
  }
  const { metadata } = await kube.call<{ metadata: { resourceVersion: string } }>('GET', path)
  await open(metadata.resourceVersion)
  return { jobs, stop: () => stop?.() }
}
