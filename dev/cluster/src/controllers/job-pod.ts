import type { ObjectMeta } from '../store/types.ts'
import { completionIndexKey } from './job-tally.ts'
import type { Job } from './job-types.ts'
import type { Container, Pod, PodSpec } from './pod-types.ts'

export interface PodIdentity {
  name: string
  /** Of an Indexed Job. */
  index: number | undefined
}

/** A pod of a Job, as the Job controller makes it from the template. */
export function buildPod(job: Job, identity: PodIdentity): Pod {
  const { spec } = job.spec.template
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: podMetadata(job, identity),
    spec: identity.index === undefined ? spec : withIndexVariable(spec),
    status: { phase: 'Pending' },
  }
}

/** The fixed part of a pod's name, cut so that five random characters still fit a DNS label. */
export function podNameBase({ metadata }: Job, index: number | undefined): string {
  const base = index === undefined ? `${metadata.name}-` : `${metadata.name}-${index}-`
  return base.slice(0, 58)
}

function podMetadata(job: Job, { name, index }: PodIdentity): ObjectMeta {
  const { name: jobName, namespace = 'default', uid } = job.metadata
  const { labels, annotations } = job.spec.template.metadata ?? {}
  const indexed = index === undefined ? {} : { [completionIndexKey]: String(index) }
  return {
    name,
    generateName: podNameBase(job, index),
    namespace,
    uid: '',
    resourceVersion: '',
    creationTimestamp: '',
    labels: {
      ...labels,
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': jobName,
      'controller-uid': uid,
      'job-name': jobName,
      ...indexed,
    },
    annotations: { ...annotations, ...indexed },
    ownerReferences: [
      { apiVersion: 'batch/v1', kind: 'Job', name: jobName, uid, controller: true, blockOwnerDeletion: true },
    ],
  }
}

function withIndexVariable(spec: PodSpec): PodSpec {
  const variable = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${completionIndexKey}']` } },
  }
  const extend = (container: Container): Container => {
    const { env = [] } = container
    return env.some(({ name }) => name === variable.name) ? container : { ...container, env: [...env, variable] }
  }
  return {
    ...spec,
    ...(spec.initContainers && { initContainers: spec.initContainers.map(extend) }),
    containers: spec.containers.map(extend),
  }
}
