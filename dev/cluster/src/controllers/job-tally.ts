import { completionsOf, isIndexed, type Job, type PodFailureRule } from '../objects/job.ts'
import { type ContainerStatus, isTerminal, type Pod } from '../objects/pod.ts'
import type { TrackedPod } from './pod-index.ts'

/** The state of a Job's pods. */
export interface JobTally {
  /** Neither ended nor being deleted. */
  active: Pod[]
  terminating: number
  succeeded: number
  /** Failed pods that count towards the `backoffLimit`. */
  failed: number
  /** The succeeded completion indexes of an Indexed Job, sorted. */
  succeededIndexes: number[]
  /** Container restarts in the pods that still run. */
  restarts: number
  /** Why a `podFailurePolicy` fails the whole Job. */
  failJobMessage: string | undefined
  /** Failures since the last success and the time of the latest one, for the back-off. */
  failuresInARow: number
  lastFailureAt: number
}

export const completionIndexKey = 'batch.kubernetes.io/job-completion-index'

export function tallyPods(job: Job, tracked: readonly TrackedPod[]): JobTally {
  const counted = tracked.filter(({ released }) => !released)
  const present = tracked.filter(({ gone }) => !gone).map(({ pod }) => pod)
  const unfinished = present.filter((pod) => !isTerminal(pod))
  const succeeded = counted.map(({ pod }) => pod).filter((pod) => pod.status?.phase === 'Succeeded')
  const failed = counted.filter((entry) => isFailed(entry, job)).map(({ pod }) => pod)
  const matches = failed.map((pod) => matchFailurePolicy(job.spec.podFailurePolicy?.rules, pod))
  const succeededIndexes = isIndexed(job) ? indexesOf(succeeded, completionsOf(job) ?? 0) : []
  const lastSuccessAt = succeeded.map(finishedAt).reduce(later, -Infinity)
  const recentFailures = failed.map(finishedAt).filter((at) => at > lastSuccessAt)
  return {
    active: unfinished.filter((pod) => !pod.metadata.deletionTimestamp),
    terminating: unfinished.filter((pod) => pod.metadata.deletionTimestamp).length,
    succeeded: isIndexed(job) ? succeededIndexes.length : succeeded.length,
    failed: matches.filter((match) => match?.action !== 'Ignore').length,
    succeededIndexes,
    restarts: unfinished.flatMap(statusesOf).reduce((sum, { restartCount }) => sum + restartCount, 0),
    failJobMessage: matches.find((match) => match?.action === 'FailJob')?.message,
    failuresInARow: recentFailures.length,
    lastFailureAt: recentFailures.reduce(later, -Infinity),
  }
}

/** Whether a Job waits for a pod's end before it replaces it. A `podFailurePolicy` needs the exit codes, so it waits too. */
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

function statusesOf({ status }: Pod): ContainerStatus[] {
  return [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
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

/** The first rule that matches a failed pod, with the message of a FailJob. */
function matchFailurePolicy(rules: readonly PodFailureRule[] = [], pod: Pod) {
  for (const [index, rule] of rules.entries()) {
    const cause = matchExitCode(rule, pod) ?? matchCondition(rule, pod)
    if (cause) return { action: rule.action, message: `${cause} matching ${rule.action} rule at index ${index}` }
  }
  return undefined
}

function matchExitCode({ onExitCodes }: PodFailureRule, pod: Pod): string | undefined {
  if (!onExitCodes) return undefined
  const { containerName, operator, values } = onExitCodes
  const match = statusesOf(pod).find(({ name, state }) => {
    const exitCode = state.terminated?.exitCode ?? 0
    if (exitCode === 0 || (containerName !== undefined && containerName !== name)) return false
    return values.includes(exitCode) === (operator === 'In')
  })
  if (!match) return undefined
  return `Container ${match.name} for pod ${fullName(pod)} failed with exit code ${match.state.terminated?.exitCode}`
}

function matchCondition({ onPodConditions }: PodFailureRule, pod: Pod): string | undefined {
  const condition = pod.status?.conditions?.find(({ type, status }) =>
    onPodConditions?.some((pattern) => pattern.type === type && (pattern.status ?? 'True') === status),
  )
  return condition && `Pod ${fullName(pod)} has condition ${condition.type}`
}

function fullName({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`
}
