import { assertGranted, type KubeObject, startDevCluster } from '@opifer/devcluster'
import type { ClusterSetup, FaultCluster } from './fault-cluster.ts'
import { jobEvent } from './job-event.ts'
import type { OperarioManifest } from './operarios.ts'

export async function startOwnCluster({ operarios, onJob }: ClusterSetup): Promise<FaultCluster> {
  // Short back-offs: a schedule lasts only a few seconds.
  const cluster = await startDevCluster({ timing: { podBackoffBaseMs: 50, restartBackoffBaseMs: 50 } })
  for (const operario of operarios) cluster.store.create('configmaps', inStore(operario))
  cluster.store.subscribe('jobs', ({ type, object }) => onJob(jobEvent(type, object)))
  return {
    api: { host: '127.0.0.1', port: Number(new URL(cluster.url).port) },
    kubeconfigThrough: ({ host, port }) => cluster.kubeconfig.replaceAll(cluster.url, `https://${host}:${port}`),
    namespace: NAMESPACE,
    faults: cluster.faults,
    deleteJob: async (name) => cluster.store.remove('jobs', NAMESPACE, name) !== undefined,
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
