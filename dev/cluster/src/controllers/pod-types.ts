import type { KubeObject, ObjectMeta } from '../store/types.ts'

/** The fields of a pod that the controllers and the kubelet read or write; all others pass through untouched. */
export interface Pod extends KubeObject {
  metadata: ObjectMeta & { deletionGracePeriodSeconds?: number }
  spec: PodSpec
  status?: PodStatus
}

export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  restartPolicy?: 'Always' | 'OnFailure' | 'Never'
  activeDeadlineSeconds?: number
  terminationGracePeriodSeconds?: number
  serviceAccountName?: string
  volumes?: { name: string }[]
}

export interface Container {
  name: string
  image?: string
  command?: string[]
  args?: string[]
  workingDir?: string
  env?: EnvVar[]
  envFrom?: EnvFrom[]
  volumeMounts?: { name: string }[]
  restartPolicy?: string
}

export interface EnvVar {
  name: string
  value?: string
  valueFrom?: {
    configMapKeyRef?: KeyRef
    secretKeyRef?: KeyRef
    fieldRef?: { fieldPath: string }
    resourceFieldRef?: { resource: string }
  }
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
  hostIP?: string
  podIP?: string
  podIPs?: { ip: string }[]
  conditions?: PodCondition[]
  initContainerStatuses?: ContainerStatus[]
  containerStatuses?: ContainerStatus[]
}

export interface PodCondition {
  type: string
  status: 'True' | 'False'
  reason?: string
  message?: string
  lastProbeTime: null
  lastTransitionTime: string
}

export interface ContainerStatus {
  name: string
  image: string
  imageID: string
  ready: boolean
  started: boolean
  restartCount: number
  state: ContainerState
  lastState: ContainerState
}

/** Exactly one field is there; in a `lastState` perhaps none. */
export interface ContainerState {
  waiting?: { reason: string; message?: string }
  running?: { startedAt: string }
  terminated?: Terminated
}

interface Terminated {
  exitCode: number
  reason: 'Completed' | 'Error' | 'StartError'
  message?: string
  startedAt: string
  finishedAt: string
}

/** Whether the pod has come to its end; it will not run again. */
export function isTerminal(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}
