/** What is applied to a cluster, as `kubectl apply -k` would apply it. */
import type { IContainer } from 'kubernetes-models/v1/Container'
import type { ILimitRange } from 'kubernetes-models/v1/LimitRange'
import type { IResourceQuota } from 'kubernetes-models/v1/ResourceQuota'
import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role'
import { beforeAll, describe, expect, test } from 'vitest'
import { kustomizeIsMissing, type Manifest, nameOf, OVERLAYS, render } from './kustomize.ts'
import { podOf, violations } from './pod-security.ts'
import { schemaFault, unknownFields } from './schemas.ts'

const missing = kustomizeIsMissing()
const APPS = ['ingest', 'worker', 'dashboard']

test('manifests can be rendered here', (context) => {
  context.skip(missing !== undefined, missing)
  expect(missing).toBeUndefined()
})

describe.skipIf(missing).each(OVERLAYS)('overlay %s', (overlay) => {
  let manifests: Manifest[]
  beforeAll(async () => {
    manifests = await render(`overlays/${overlay}`)
  })
  const ofKind = (kind: string) => manifests.filter((manifest) => manifest.kind === kind)
  const pods = () => manifests.flatMap((manifest) => (podOf(manifest) ? [{ manifest, pod: podOf(manifest)! }] : []))

  test('each object is what the schemas of Kubernetes and of the operators ask for', async () => {
    const faults = await Promise.all(manifests.map(schemaFault))
    expect(faults.filter(Boolean)).toEqual([])
  })

  test('no object has a field that its kind does not know', async () => {
    expect(await unknownFields(manifests)).toBe('')
  })

  test('each pod is fit for the restricted Pod Security Standard, which its namespace enforces', () => {
    const found = pods().flatMap(({ manifest, pod }) => violations(pod).map((text) => `${nameOf(manifest)}: ${text}`))
    expect(found).toEqual([])
    for (const namespace of ofKind('Namespace')) {
      expect(namespace.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' })
    }
  })

  test('each container has a read-only root file system, requests, a memory limit and probes', () => {
    const containers = pods().flatMap(({ pod }) => pod.containers)
    const lacking = containers.filter((container) => !isWellKept(container)).map(({ name }) => name)
    expect(lacking).toEqual([])
  })

  test('a pod is given a token for the API server only if it is a worker', () => {
    const withToken = pods().filter(({ pod }) => pod.automountServiceAccountToken !== false)
    expect(withToken.map(({ manifest }) => manifest.metadata.name)).toEqual(['worker'])
    for (const account of ofKind('ServiceAccount')) expect(account['automountServiceAccountToken']).toBe(false)
  })

  test('there is one Role, in the namespace of the Operarios, for the worker alone', () => {
    expect(ofKind('ClusterRole')).toEqual([])
    expect(ofKind('ClusterRoleBinding')).toEqual([])
    expect(ofKind('Role').map(nameOf)).toEqual(['Role opifer-operarios/opifer-worker'])
    const [binding, ...others] = ofKind('RoleBinding')
    expect(others).toEqual([])
    expect(binding?.metadata.namespace).toBe('opifer-operarios')
    expect(binding?.['subjects']).toEqual([{ kind: 'ServiceAccount', name: 'worker', namespace: 'opifer' }])
    const wide = (ofKind('Role') as unknown as IRole[]).flatMap(({ rules = [] }) => rules)
    expect(JSON.stringify(wide)).not.toContain('*')
  })

  test('each app may lose one pod at a time, and spreads over nodes and zones', () => {
    const budgets = ofKind('PodDisruptionBudget').map(({ metadata }) => metadata.name)
    expect(budgets.sort()).toEqual([...APPS].sort())
    for (const { pod } of pods().filter(({ manifest: { kind } }) => kind === 'Deployment')) {
      const keys = pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey)
      expect(keys).toEqual(['topology.kubernetes.io/zone', 'kubernetes.io/hostname'])
    }
  })

  test('a pod is given longer to end than its process takes at most', () => {
    for (const { pod } of pods().filter(({ manifest: { kind } }) => kind === 'Deployment')) {
      const pause = pod.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(25 + pause)
    }
  })

  test('Operarios have a quota and reach nobody', () => {
    expect(ofKind('ResourceQuota').filter(inOperarios)).toHaveLength(1)
    expect(ofKind('NetworkPolicy').filter(inOperarios)).toMatchObject([
      { spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } },
    ])
  })

  test('no pod of an Operario is refused for what it says of its resources, or does not say', () => {
    const [quota] = ofKind('ResourceQuota') as unknown as IResourceQuota[]
    const [limitRange] = ofKind('LimitRange') as unknown as ILimitRange[]
    const asked = Object.keys(quota?.spec?.hard ?? {}).filter((name) => /^(requests|limits)\./.test(name))
    const [{ defaultRequest = {}, ...others } = {}] = limitRange?.spec?.limits ?? []
    // A limit by default would be less than what some container requests.
    expect(others).toEqual({ type: 'Container' })
    expect(asked.sort()).toEqual(Object.keys(defaultRequest).map((name) => `requests.${name}`))
  })

  test('each image has a tag, and none is latest', () => {
    for (const { image = '' } of pods().flatMap(({ pod }) => pod.containers)) {
      expect(image).toMatch(/:[\w.-]+$/)
      expect(image).not.toMatch(/:latest$/)
    }
  })
})

test.skipIf(missing)('who scales has the last word: no replicas are set where something else sets them', async () => {
  const manifests = await render('overlays/prod')
  const scaled = manifests.filter(({ kind }) => kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject')
  expect(scaled.map(nameOf).sort()).toEqual(['HorizontalPodAutoscaler opifer/ingest', 'ScaledObject opifer/worker'])
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment')
  const fixed = deployments.filter(({ spec }) => (spec as { replicas?: number }).replicas !== undefined)
  expect(fixed.map(({ metadata }) => metadata.name)).toEqual(['dashboard'])
})

test.skipIf(missing)('production has no Secret in it: those are made beforehand', async () => {
  const manifests = await render('overlays/prod')
  expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([])
})

test.skipIf(missing)('what the checks above are for is found by them', async () => {
  const manifests = await render('overlays/dev')
  const worker = manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'worker')
  const broken = structuredClone(worker!)
  const pod = podOf(broken)!
  pod.containers[0]!.securityContext = { privileged: true }
  pod.hostNetwork = true
  expect(violations(pod)).toEqual([
    'shares a namespace of its node',
    'worker: allowPrivilegeEscalation is not false',
    'worker: does not drop ALL capabilities',
    'worker: is privileged',
  ])
  Object.assign(pod, { terminationGracePeriod: 1 })
  expect(await unknownFields([broken])).toContain('terminationGracePeriod')
  Object.assign(pod, { containers: 'one' })
  expect(await schemaFault(broken)).toContain('containers')
})

function isWellKept({ securityContext, resources, readinessProbe, livenessProbe }: IContainer): boolean {
  const { requests = {}, limits = {} } = resources ?? {}
  return Boolean(
    securityContext?.readOnlyRootFilesystem &&
      requests['cpu'] &&
      requests['memory'] &&
      limits['memory'] &&
      readinessProbe &&
      livenessProbe,
  )
}

function inOperarios({ metadata }: Manifest): boolean {
  return metadata.namespace === 'opifer-operarios'
}
