import type { DevCluster } from '@opifer/devcluster'
import type { Endpoint } from '@opifer/testkit'
import type { JobEvent } from './history.ts'
import type { OperarioManifest } from './operarios.ts'

/** The cluster of an environment: where Jobs are created, and where each of their changes is observed. */
export interface FaultCluster {
  api: Endpoint
  /** A kubeconfig whose connections lead through the endpoint. */
  kubeconfigThrough(endpoint: Endpoint): string
  namespace: string
  /** Faults of the API server itself; a real cluster has none. */
  faults: DevCluster['faults'] | undefined
  /** Returns whether there was such a Job. */
  deleteJob(name: string): Promise<boolean>
  stop(): Promise<void>
}

export interface ClusterSetup {
  operarios: readonly OperarioManifest[]
  onJob: (event: JobEvent) => void
}
