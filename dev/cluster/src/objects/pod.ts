import { timestamp } from '../store/store.ts'
import type { KubeObject, ObjectMeta, OwnerReference, Store } from '../store/types.ts'

/** The pod fields that the controllers and the kubelet read or write; all others pass through untouched. */
export interface Pod extends KubeObject {
  metadata: ObjectMeta & { deletionGracePeriodSeconds?: number }
  spec: PodSpec
  status?: PodStatus
}

export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  restartPolicy?: 'Always' | 'OnFailure' | 'Never'
  terminationGracePeriodSeconds?: number
  serviceAccountName?: string
}

export interface Container {
  name: string
  image?: string
  command?: string[]
  args?: string[]
  workingDir?: string
  env?: EnvVar[]
  envFrom?: EnvFrom[]
}

export interface EnvVar {
  name: string
  value?: string
  valueFrom?: { configMapKeyRef?: KeyRef; secretKeyRef?: KeyRef; fieldRef?: { fieldPath: string } }
}

export interface EnvFrom {
  prefix?: string
  configMapRef?: ObjectRef
  secretRef?: ObjectRef
}

export interface ObjectRef {
  name: string
  optional?: boolean
}

export interface KeyRef extends ObjectRef {
  key: string
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed'

export interface PodStatus {
  phase: PodPhase
  reason?: string
  message?: string
  startTime?: string
  conditions?: PodCondition[]
  initContainerStatuses?: ContainerStatus[]
  containerStatuses?: ContainerStatus[]
}

export interface PodCondition {
  type: string
  status: 'True' | 'False'
  lastTransitionTime: string
}

export interface ContainerStatus {
  name: string
  image: string
  imageID: string
  ready: boolean
  restartCount: number
  state: ContainerState
}

/** Exactly one field is present. */
export interface ContainerState {
  waiting?: { reason: string; message?: string }
  running?: { startedAt: string }
  terminated?: {
    exitCode: number
    reason: 'Completed' | 'Error' | 'StartError'
    message?: string
    startedAt: string
    finishedAt: string
  }
}

/** Whether the pod has ended; it will not run again. */
export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

/** The Job that a pod belongs to. */
export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ kind, controller }) => kind === 'Job' && controller)
}

/**
 * Marks a pod for deletion, like DELETE on a pod: the kubelet stops its containers and then removes the object. A second
 * request keeps the first deadline.
 */
export function requestPodDeletion(store: Store, { metadata }: KubeObject, now: Date): void {
  const pod = store.get('pods', metadata.namespace, metadata.name) as Pod | undefined
  if (pod?.metadata.uid !== metadata.uid || pod.metadata.deletionTimestamp) return
  const grace = pod.spec.terminationGracePeriodSeconds ?? 30
  const deletionTimestamp = timestamp(new Date(now.getTime() + grace * 1000))
  const marked: Pod['metadata'] = { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: grace }
  store.replace('pods', { ...pod, metadata: marked })
}
