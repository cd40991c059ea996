import type { KubeObject, ObjectMeta } from '../store/types.ts'
import type { PodSpec } from './pod.ts'

/** The Job fields that the controllers read or write; all others pass through untouched. */
export interface Job extends KubeObject {
  spec: JobSpec
  status?: JobStatus
}

export interface JobSpec {
  parallelism?: number
  completions?: number
  completionMode?: 'NonIndexed' | 'Indexed'
  backoffLimit?: number
  activeDeadlineSeconds?: number
  ttlSecondsAfterFinished?: number
  suspend?: boolean
  managedBy?: string
  podReplacementPolicy?: 'TerminatingOrFailed' | 'Failed'
  podFailurePolicy?: { rules: PodFailureRule[] }
  template: { metadata?: Partial<ObjectMeta>; spec: PodSpec }
}

export interface PodFailureRule {
  action: 'FailJob' | 'Ignore' | 'Count' | 'FailIndex'
  onExitCodes?: { containerName?: string; operator: 'In' | 'NotIn'; values: number[] }
  onPodConditions?: { type: string; status?: string }[]
}

export interface JobStatus {
  conditions?: JobCondition[]
  startTime?: string
  completionTime?: string
  active?: number
  ready?: number
  terminating?: number
  succeeded?: number
  failed?: number
  completedIndexes?: string
  uncountedTerminatedPods?: Record<string, never>
}

export type JobConditionType = 'SuccessCriteriaMet' | 'FailureTarget' | 'Complete' | 'Failed' | 'Suspended'

export interface JobCondition {
  type: JobConditionType
  status: 'True' | 'False'
  reason: string
  message: string
  lastProbeTime: string
  lastTransitionTime: string
}

/** The condition, if it is True. */
export function conditionOf(job: Job, type: JobConditionType): JobCondition | undefined {
  return job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True')
}

/** The condition that ended the Job. */
export function finishedCondition(job: Job): JobCondition | undefined {
  return conditionOf(job, 'Complete') ?? conditionOf(job, 'Failed')
}

export function isSuspended(job: Job): boolean {
  return job.spec.suspend ?? false
}

export function isIndexed(job: Job): boolean {
  return job.spec.completionMode === 'Indexed'
}

/** `completions` with the API server's default: 1, unless only `parallelism` is set. */
export function completionsOf({ spec }: Job): number | undefined {
  return spec.completions ?? (spec.parallelism === undefined ? 1 : undefined)
}

/** What the API server and the Job controller put on a Job's pods. */
export function jobLabels({ uid, name }: Pick<ObjectMeta, 'uid' | 'name'>): Record<string, string> {
  return {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  }
}
