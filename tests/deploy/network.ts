import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress'
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import type { IService } from 'kubernetes-models/v1/Service'
import type { Manifest } from './kustomize.ts'

/** A port of the pods of a Deployment. */
export interface PodPort {
  deployment: string
  port: number
}

/** Where an Ingress routes a path. */
export interface Route extends PodPort {
  path: string
  pathType: string
}

type Labels = Readonly<Record<string, string>>

/** The routes of all Ingresses. */
export function routesOf(manifests: readonly Manifest[]): Route[] {
  const rules = ofKind<IIngress>(manifests, 'Ingress').flatMap(({ spec }) => spec?.rules ?? [])
  return rules
    .flatMap(({ http }) => http?.paths ?? [])
    .flatMap(({ path = '/', pathType, backend: { service } }) => {
      const services = ofKind<IService>(manifests, 'Service').filter(({ metadata }) => metadata?.name === service?.name)
      const ports = services.flatMap((one) => portsBehind(manifests, one, service?.port?.name))
      return ports.map((port) => ({ path, pathType, ...port }))
    })
}

/** The ports that Prometheus scrapes. */
export function scrapedPorts(manifests: readonly Manifest[]): PodPort[] {
  const monitors = manifests.filter(({ kind }) => kind === 'ServiceMonitor' || kind === 'PodMonitor')
  return monitors.flatMap(({ spec }) => {
    const { selector, endpoints, podMetricsEndpoints } = spec as Monitor
    const isSelected = (labels: Labels = {}) => matches(selector.matchLabels, labels)
    const services = ofKind<IService>(manifests, 'Service').filter(({ metadata }) => isSelected(metadata?.labels))
    const pods = ofKind<IDeployment>(manifests, 'Deployment').filter((deployment) => isSelected(podLabels(deployment)))
    return [
      ...(endpoints ?? []).flatMap(({ port }) => services.flatMap((one) => portsBehind(manifests, one, port))),
      ...(podMetricsEndpoints ?? []).flatMap(({ port }) => pods.map((one) => podPort(one, port))),
    ]
  })
}

interface Monitor {
  selector: { matchLabels: Labels }
  endpoints?: { port: string }[]
  podMetricsEndpoints?: { port: string }[]
}

/** The ports that the kubelet probes. */
export function probedPorts(deployment: IDeployment): PodPort[] {
  const [container] = deployment.spec?.template.spec?.containers ?? []
  const probes = [container?.readinessProbe, container?.livenessProbe, container?.startupProbe]
  return probes.map((probe) => podPort(deployment, String(probe?.httpGet?.port)))
}

/** Where a process serves /healthz, /readiness and /metrics: by its settings, else on its only port. */
export function operationsPort(deployment: IDeployment): PodPort {
  const [container] = deployment.spec?.template.spec?.containers ?? []
  const portIn = (name: string) =>
    container?.env
      ?.find((variable) => variable.name === name)
      ?.value?.split(':')
      .at(-1)
  const [only] = container?.ports ?? []
  const port = Number(portIn('OPIFER_OPERATIONS_ADDR') ?? portIn('OPIFER_ADDR') ?? only?.containerPort)
  return { deployment: nameOf(deployment), port }
}

/** The namespaces whose pods the network policies admit to a port. */
export function admittedTo(manifests: readonly Manifest[], { deployment, port }: PodPort): string[] {
  const target = ofKind<IDeployment>(manifests, 'Deployment').find((one) => nameOf(one) === deployment)
  const policies = ofKind<INetworkPolicy>(manifests, 'NetworkPolicy').filter(
    ({ metadata, spec }) =>
      metadata?.namespace === target?.metadata?.namespace && matches(spec?.podSelector?.matchLabels, podLabels(target)),
  )
  const rules = policies.flatMap(({ spec }) => spec?.ingress ?? [])
  const peers = rules.filter(({ ports }) => ports?.some((one) => one.port === port)).flatMap(({ from }) => from ?? [])
  return peers.map((peer) => peer.namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'] ?? 'another').sort()
}

function portsBehind(manifests: readonly Manifest[], { spec }: IService, port: string | undefined): PodPort[] {
  const target = spec?.ports?.find(({ name }) => name === port)?.targetPort
  return ofKind<IDeployment>(manifests, 'Deployment')
    .filter((deployment) => matches(spec?.selector, podLabels(deployment)))
    .map((deployment) => podPort(deployment, String(target)))
}

function podPort(deployment: IDeployment, name: string): PodPort {
  const ports = deployment.spec?.template.spec?.containers.flatMap((container) => container.ports ?? []) ?? []
  const port = ports.find((one) => one.name === name)?.containerPort
  if (port === undefined) throw new Error(`${nameOf(deployment)} has no port ${name}`)
  return { deployment: nameOf(deployment), port }
}

function podLabels(deployment: IDeployment | undefined): Labels {
  return deployment?.spec?.template.metadata?.labels ?? {}
}

function nameOf({ metadata }: IDeployment): string {
  return metadata?.name ?? ''
}

/** An empty selector matches everything. */
function matches(selector: Labels = {}, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value)
}

function ofKind<Kind>(manifests: readonly Manifest[], kind: string): Kind[] {
  return manifests.filter((manifest) => manifest.kind === kind) as Kind[]
}
