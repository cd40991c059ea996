import type { JobRef } from '@opifer/core'
import type { AttemptState } from '@opifer/queue'
import { createLogger } from '@opifer/platform/telemetry'
import type { KubeObject as StoredObject } from '@opifer/devcluster'
import { Registry } from 'prom-client'
import type { Job } from '../kubernetes/client/api.ts'
import { createMetrics } from '../metrics.ts'
import { NAMESPACE } from './cluster.ts'

export const silent = createLogger('test', 'silent')

/** When `makeRun()` was received. */
export const RECEIVED_AT = Date.parse('2026-11-23T03:59:00Z')

/** When `makeJob()` was created. */
const CREATED = new Date(RECEIVED_AT).toISOString()

/** The state of an attempt for a new alert. */
export const NOTHING_KNOWN: AttemptState = {
  resolved: undefined,
  coolingAfter: undefined,
  nextJob: 0,
  cancelledBy: undefined,
  inDoubt: undefined,
}

export function makeJobRef(overrides: Partial<JobRef> = {}): JobRef {
  return { namespace: NAMESPACE, name: 'cleanup', uid: 'uid-1', createdAt: RECEIVED_AT, ...overrides }
}

export const COMPLETE = { type: 'Complete', status: 'True' }
export const FAILED = { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'too often' }

/** A Job as the API server shows it. */
export function makeJob(
  metadata: Partial<Job['metadata']> = {},
  ...conditions: { type: string; status: string }[]
): Job {
  return {
    metadata: {
      name: 'cleanup',
      namespace: NAMESPACE,
      uid: 'uid-1',
      resourceVersion: '1',
      creationTimestamp: CREATED,
      ...metadata,
    },
    status: { conditions },
  }
}

/** An object as it is put into the development cluster's store. */
export function stored(kind: string, name: string, metadata: object = {}, fields: object = {}): StoredObject {
  const apiVersion = kind === 'Job' ? 'batch/v1' : 'v1'
  const own = { name, namespace: NAMESPACE, uid: '', resourceVersion: '', creationTimestamp: '' }
  return { apiVersion, kind, metadata: { ...own, ...metadata }, ...fields }
}

/** A worker's metrics, and a way to read them. */
export function readableMetrics() {
  const registry = new Registry()
  return {
    metrics: createMetrics(registry),
    read: async (name: string): Promise<Record<string, number>> => {
      const metric = await registry.getSingleMetric(name)?.get()
      return Object.fromEntries(
        (metric?.values ?? []).map(({ labels, value }) => [Object.values(labels).join(), value]),
      )
    },
  }
}
