import type { IContainer } from 'kubernetes-models/v1/Container'
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import type { Manifest } from './kustomize.ts'

/** The pod that a workload makes; undefined for objects that make none. */
export function podOf(manifest: Manifest): IPodSpec | undefined {
  const spec = manifest['spec'] as { template?: { spec?: IPodSpec }; jobTemplate?: { spec?: Manifest } } | undefined
  if (manifest.kind === 'Pod') return spec as unknown as IPodSpec
  return spec?.template?.spec?.containers && spec.template.spec
}

/**
 * What the restricted Pod Security Standard has against a pod (kubernetes.io/docs/concepts/security/pod-security-standards),
 * written out here for pods that take no exception: each container says for itself what it must say.
 */
export function violations(pod: IPodSpec): string[] {
  const { securityContext = {}, volumes = [] } = pod
  const containers = [...(pod.initContainers ?? []), ...pod.containers]
  return [
    ...(pod.hostNetwork || pod.hostPID || pod.hostIPC ? ['shares a namespace of its node'] : []),
    ...(securityContext.runAsNonRoot === true ? [] : ['runAsNonRoot is not true']),
    ...(securityContext.runAsUser === 0 ? ['runAsUser is 0'] : []),
    ...(securityContext.seccompProfile?.type === 'RuntimeDefault' ? [] : ['seccompProfile is not RuntimeDefault']),
    ...(securityContext.sysctls?.length ? ['sets sysctls'] : []),
    ...volumes.flatMap((volume) => volumeViolation(Object.keys(volume))),
    ...containers.flatMap((container) => containerViolations(container).map((text) => `${container.name}: ${text}`)),
  ]
}

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

function volumeViolation(keys: string[]): string[] {
  return keys.some((key) => VOLUMES.includes(key)) ? [] : [`a volume of type ${keys.filter((key) => key !== 'name')}`]
}

function containerViolations({ securityContext = {}, ports = [] }: IContainer): string[] {
  const { capabilities = {}, privileged, procMount, runAsNonRoot, runAsUser, seccompProfile } = securityContext
  const added = (capabilities.add ?? []).filter((name) => name !== 'NET_BIND_SERVICE')
  return [
    ...(securityContext.allowPrivilegeEscalation === false ? [] : ['allowPrivilegeEscalation is not false']),
    ...(capabilities.drop?.includes('ALL') ? [] : ['does not drop ALL capabilities']),
    ...(added.length > 0 ? [`adds capabilities ${added}`] : []),
    ...(privileged ? ['is privileged'] : []),
    ...(procMount && procMount !== 'Default' ? [`procMount is ${procMount}`] : []),
    ...(runAsNonRoot === false || runAsUser === 0 ? ['runs as root'] : []),
    ...(seccompProfile && seccompProfile.type === 'Unconfined' ? ['seccompProfile is Unconfined'] : []),
    ...(ports.some(({ hostPort }) => hostPort) ? ['takes a port of its node'] : []),
  ]
}
