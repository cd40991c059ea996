import type { IContainer } from 'kubernetes-models/v1/Container'
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import type { Manifest } from './kustomize.ts'

/** The pod of a workload; undefined for other objects. */
export function podOf(manifest: Manifest): IPodSpec | undefined {
  const spec = manifest['spec'] as { template?: { spec?: IPodSpec }; jobTemplate?: { spec?: Manifest } } | undefined
  if (manifest.kind === 'Pod') return spec as unknown as IPodSpec
  return spec?.template?.spec?.containers && spec.template.spec
}

type Check = readonly [violated: boolean | undefined, text: string]

/**
 * Violations of the restricted Pod Security Standard (kubernetes.io/docs/concepts/security/pod-security-standards), for pods
 * that use none of its exceptions: each container sets everything itself.
 */
export function violations(pod: IPodSpec): string[] {
  const { securityContext = {}, volumes = [], initContainers = [], containers } = pod
  return [
    ...violated([
      [[pod.hostNetwork, pod.hostPID, pod.hostIPC].includes(true), 'shares a namespace of its node'],
      [securityContext.runAsNonRoot !== true, 'runAsNonRoot is not true'],
      [securityContext.runAsUser === 0, 'runAsUser is 0'],
      [securityContext.seccompProfile?.type !== 'RuntimeDefault', 'seccompProfile is not RuntimeDefault'],
      [securityContext.sysctls !== undefined, 'sets sysctls'],
      [!volumes.every((volume) => Object.keys(volume).some((key) => VOLUMES.has(key))), 'has a volume of its node'],
    ]),
    ...[...initContainers, ...containers].flatMap(containerViolations),
  ]
}

const VOLUMES = new Set(
  'configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret'.split(' '),
)

function containerViolations({ name, securityContext: context = {}, ports = [] }: IContainer): string[] {
  const found = violated([
    [context.allowPrivilegeEscalation !== false, 'allowPrivilegeEscalation is not false'],
    [!context.capabilities?.drop?.includes('ALL'), 'does not drop ALL capabilities'],
    [context.capabilities?.add !== undefined, 'adds capabilities'],
    [context.privileged, 'is privileged'],
    [context.procMount !== undefined, 'sets procMount'],
    [context.runAsNonRoot === false || context.runAsUser === 0, 'runs as root'],
    [context.seccompProfile?.type === 'Unconfined', 'seccompProfile is Unconfined'],
    [ports.some(({ hostPort }) => hostPort), 'takes a port of its node'],
  ])
  return found.map((text) => `${name}: ${text}`)
}

function violated(checks: readonly Check[]): string[] {
  return checks.flatMap(([isSo, text]) => (isSo ? [text] : []))
}
