import { type DevCluster, type KubeObject, startDevCluster } from '@opifer/devcluster'
import type { Endpoint } from '@opifer/testkit'
import { assertGranted } from '@opifer/devcluster'
import type { JobEvent } from './history.ts'
import { jobEvent } from './job-event.ts'
import type { OperarioManifest } from './operarios.ts'
import { openRealCluster } from './real-cluster.ts'

/** The cluster of a fault run: where Jobs are made, and an eye on all of them. */
export interface FaultCluster {
  api: Endpoint
  /** A kubeconfig whose connections lead through the endpoint. */
  kubeconfigThrough(endpoint: Endpoint): string
  namespace: string
  /** Ways in which the API itself misbehaves; a real cluster has none. */
  faults: DevCluster['faults'] | undefined
  /** Deletes one of the Jobs that are there. */
  deleteJob(chosen: number): Promise<{ name: string; uid: string } | undefined>
  stop(): Promise<void>
}

export interface ClusterSetup {
  operarios: readonly OperarioManifest[]
  onJob: (event: JobEvent) => void
}

/** @param kubeconfig of a cluster that is to be used instead of a development cluster */
export function startFaultCluster(setup: ClusterSetup, kubeconfig: string | undefined): Promise<FaultCluster> {
  return kubeconfig === undefined ? startOwnCluster(setup) : openRealCluster(kubeconfig, setup)
}

async function startOwnCluster({ operarios, onJob }: ClusterSetup): Promise<FaultCluster> {
  // Small back-offs, since a seed lasts a few seconds only.
  const cluster = await startDevCluster({ timing: { podBackoffBaseMs: 50, restartBackoffBaseMs: 50 } })
  for (const operario of operarios) cluster.store.create('configmaps', inStore(operario))
  cluster.store.subscribe('jobs', ({ type, object }) => onJob(jobEvent(type, object)))
  return {
    api: { host: '127.0.0.1', port: Number(new URL(cluster.url).port) },
    kubeconfigThrough: ({ host, port }) => cluster.kubeconfig.replaceAll(cluster.url, `https://${host}:${port}`),
    namespace: NAMESPACE,
    faults: cluster.faults,
    async deleteJob(chosen) {
      const jobs = cluster.store.list('jobs', NAMESPACE)
      const job = jobs[Math.floor(chosen * jobs.length)]?.metadata
      if (job) cluster.store.remove('jobs', NAMESPACE, job.name)
      return job
    },
    async stop() {
      await cluster.stop()
      await assertGranted(cluster.audit.entries())
    },
  }
}

const NAMESPACE = 'default'

function inStore(operario: OperarioManifest): KubeObject {
  const { metadata } = operario
  return {
    ...operario,
    metadata: { ...metadata, namespace: NAMESPACE, uid: '', resourceVersion: '', creationTimestamp: '' },
  }
}
