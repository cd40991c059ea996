import { isIP } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { LABEL } from '@opifer/core'
import { connectKube, type Endpoint, jobsPath, type Kube, type KubeWatchEvent } from '@opifer/testkit'
import type { ClusterSetup, FaultCluster } from './fault-cluster.ts'
import type { JobEvent } from './history.ts'
import { jobEvent } from './job-event.ts'
import type { OperarioManifest } from './operarios.ts'

/** An existing cluster, in the namespace of its kubeconfig's context. Faults of the API server itself are not available. */
export async function openRealCluster(kubeconfig: string, { operarios, onJob }: ClusterSetup): Promise<FaultCluster> {
  const kube = await connectKube(kubeconfig)
  const { namespace } = kube
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`
  for (const operario of operarios) await replace(kube, configMaps, operario)
  const stopWatch = await watchJobs(kube, onJob)
  return {
    api: endpointOf(kube.server),
    kubeconfigThrough: (endpoint) => kubeconfigThrough(kubeconfig, endpoint),
    namespace,
    faults: undefined,
    deleteJob: (name) => remove(kube, `${jobsPath(namespace)}/${name}?propagationPolicy=Background`),
    async stop() {
      stopWatch()
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

/** Keeps the server name that the certificate was issued for. */
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

/** A TLS server name can't be an address; an API server's certificate is also valid for `kubernetes`. */
function certifiedName(hostname: string, requested: string): string | undefined {
  if (isIP(hostname.replace(/^\[|\]$/g, '')) === 0) return hostname
  return hostname === requested ? undefined : 'kubernetes'
}

async function replace(kube: Kube, collection: string, operario: OperarioManifest): Promise<void> {
  await remove(kube, `${collection}/${operario.metadata.name}`)
  await kube.call('POST', collection, operario)
}

/** Returns whether there was such an object. */
async function remove(kube: Kube, path: string): Promise<boolean> {
  try {
    await kube.call('DELETE', path)
    return true
  } catch (error) {
    if (!String(error).includes(': 404 ')) throw error
    return false
  }
}

/** Reports every change of a Job, over a connection that no fault disturbs; resumes where it left off when the server ends it. */
async function watchJobs(kube: Kube, onJob: (event: JobEvent) => void): Promise<() => void> {
  const path = `${jobsPath(kube.namespace)}?labelSelector=${LABEL.runId}`
  let stop: (() => void) | undefined
  function onEvent({ type, object }: KubeWatchEvent): void {
    if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED') return
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
  return () => stop?.()
}
