import { completionsOf, isIndexed, type Job } from './job-types.ts'
import { matchPodFailurePolicy } from './pod-failure-policy.ts'
import type { TrackedPod } from './pod-index.ts'
import { isTerminal, type Pod } from './pod-types.ts'

/** What became of a Job's pods so far. */
export interface JobTally {
  /** Neither ended nor on their way to it. */
  active: Pod[]
  terminating: number
  succeeded: number
  /** Failed pods that count towards the `backoffLimit`. */
  failed: number
  /** The completion indexes of an Indexed Job that succeeded, in order. */
  succeededIndexes: number[]
  /** Restarts of containers in pods that are still there. */
  restarts: number
  /** Why a `podFailurePolicy` fails the whole Job. */
  failJobMessage: string | undefined
  /** How many pods failed since the last one succeeded, and when the last of them did: what the back-off grows by. */
  failuresInARow: number
  lastFailureAt: number
}

export const completionIndexKey = 'batch.kubernetes.io/job-completion-index'

export function tallyPods(job: Job, tracked: readonly TrackedPod[]): JobTally {
  const counted = tracked.filter(({ released }) => !released)
  const present = tracked.filter(({ gone }) => !gone).map(({ pod }) => pod)
  const succeeded = counted.map(({ pod }) => pod).filter((pod) => pod.status?.phase === 'Succeeded')
  const failed = counted.filter((entry) => isFailed(entry, job)).map(({ pod }) => pod)

  const active = present.filter((pod) => !isTerminal(pod) && !pod.metadata.deletionTimestamp)
  const matches = failed.map((pod) => matchPodFailurePolicy(job.spec.podFailurePolicy, pod))
  const succeededIndexes = isIndexed(job) ? indexesOf(succeeded, completionsOf(job) ?? 0) : []
  return {
    active,
    terminating: present.filter((pod) => !isTerminal(pod) && pod.metadata.deletionTimestamp).length,
    succeeded: isIndexed(job) ? succeededIndexes.length : succeeded.length,
    failed: matches.filter((match) => match?.action !== 'Ignore').length,
    succeededIndexes,
    restarts: present.filter((pod) => !isTerminal(pod)).reduce((sum, pod) => sum + restartsOf(pod), 0),
    failJobMessage: matches.find((match) => match?.action === 'FailJob')?.message,
    ...recentFailures(succeeded, failed),
  }
}

/** Whether a Job waits for a pod's real end before it replaces it. A `podFailurePolicy` needs the exit codes, so it does too. */
export function replacesOnlyFailed({ spec }: Job): boolean {
  return spec.podReplacementPolicy === 'Failed' || spec.podFailurePolicy !== undefined
}

export function completionIndexOf({ metadata }: Pod): number {
  return Number(metadata.annotations?.[completionIndexKey] ?? -1)
}

function isFailed({ pod, gone }: TrackedPod, job: Job): boolean {
  if (isTerminal(pod)) return pod.status?.phase === 'Failed'
  return gone || (pod.metadata.deletionTimestamp !== undefined && !replacesOnlyFailed(job))
}

function indexesOf(pods: readonly Pod[], completions: number): number[] {
  const indexes = new Set(pods.map(completionIndexOf).filter((index) => index >= 0 && index < completions))
  return [...indexes].sort((a, b) => a - b)
}

function restartsOf({ status }: Pod): number {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
  return containers.reduce((sum, { restartCount }) => sum + restartCount, 0)
}

function recentFailures(
  succeeded: readonly Pod[],
  failed: readonly Pod[],
): Pick<JobTally, 'failuresInARow' | 'lastFailureAt'> {
  const lastSuccessAt = succeeded.map(finishedAt).reduce(later, -Infinity)
  const failures = failed.map(finishedAt).filter((at) => at > lastSuccessAt)
  return { failuresInARow: failures.length, lastFailureAt: failures.reduce(later, -Infinity) }
}

function finishedAt({ metadata, status }: Pod): number {
  const ends = (status?.containerStatuses ?? []).flatMap(({ state }) => state.terminated?.finishedAt ?? [])
  if (ends.length > 0) return ends.map((end) => Date.parse(end)).reduce(later)
  if (!metadata.deletionTimestamp) return Date.parse(metadata.creationTimestamp)
  return Date.parse(metadata.deletionTimestamp) - (metadata.deletionGracePeriodSeconds ?? 0) * 1000
}

function later(a: number, b: number): number {
  return Math.max(a, b)
}
