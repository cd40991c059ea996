import type { PodFailurePolicy, PodFailureRule } from './job-types.ts'
import type { ContainerStatus, Pod } from './pod-types.ts'

export interface PolicyMatch {
  action: PodFailureRule['action']
  /** Why the Job fails, when the action is FailJob. */
  message: string
}

/** The first rule of a Job's `podFailurePolicy` that fits a failed pod. */
export function matchPodFailurePolicy(policy: PodFailurePolicy | undefined, pod: Pod): PolicyMatch | undefined {
  for (const [index, rule] of policy?.rules.entries() ?? []) {
    const cause = matchExitCode(rule, pod) ?? matchCondition(rule, pod)
    if (cause) return { action: rule.action, message: `${cause} matching ${rule.action} rule at index ${index}` }
  }
  return undefined
}

function matchExitCode({ onExitCodes }: PodFailureRule, pod: Pod): string | undefined {
  if (!onExitCodes) return undefined
  const { containerName, operator, values } = onExitCodes
  const fits = ({ name, state }: ContainerStatus): boolean => {
    const exitCode = state.terminated?.exitCode ?? 0
    if (exitCode === 0 || (containerName !== undefined && containerName !== name)) return false
    return values.includes(exitCode) === (operator === 'In')
  }
  const status = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find(fits)
  return (
    status &&
    `Container ${status.name} for pod ${fullName(pod)} failed with exit code ${status.state.terminated?.exitCode}`
  )
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
