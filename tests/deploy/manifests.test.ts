/** The manifests that `kubectl apply -k` would apply. */
import type { IContainer } from 'kubernetes-models/v1/Container'
import type { ILimitRange } from 'kubernetes-models/v1/LimitRange'
import type { IResourceQuota } from 'kubernetes-models/v1/ResourceQuota'
import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1/Role'
import { beforeAll, describe, expect, test } from 'vitest'
import { kustomizeIsMissing, type Manifest, nameOf, OVERLAYS, render } from './kustomize.ts'
import { podOf, violations } from './pod-security.ts'
import { schemaError, unknownFields } from './schemas.ts'

const missing = kustomizeIsMissing()
const APPS = ['ingest', 'worker', 'dashboard']

test('kubectl is available to render the manifests', (context) => {
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

  test('each object is valid by the schemas of Kubernetes and of the operators', async () => {
    const errors = await Promise.all(manifests.map(schemaError))
    expect(errors.filter(Boolean)).toEqual([])
  })

  test('no object has a field that its kind does not define', async () => {
    expect(await unknownFields(manifests)).toBe('')
  })

  test('each pod meets the restricted Pod Security Standard, which its namespace enforces', () => {
    const found = pods().flatMap(({ manifest, pod }) => violations(pod).map((text) => `${nameOf(manifest)}: ${text}`))
    expect(found).toEqual([])
    for (const namespace of ofKind('Namespace')) {
      expect(namespace.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' })
    }
  })

  test('each container has a read-only root file system, requests, a memory limit and probes', () => {
    const containers = pods().flatMap(({ pod }) => pod.containers)
    const lacking = containers.filter((container) => !isHardened(container)).map(({ name }) => name)
    expect(lacking).toEqual([])
  })

  test('only worker pods get a token for the API server', () => {
    const withToken = pods().filter(({ pod }) => pod.automountServiceAccountToken !== false)
    expect(withToken.map(({ manifest }) => manifest.metadata.name)).toEqual(['worker'])
    for (const account of ofKind('ServiceAccount')) expect(account['automountServiceAccountToken']).toBe(false)
  })

  test('the only Role is in the namespace of the Operarios and bound to the worker alone', () => {
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

  test('each app has a disruption budget and spreads over nodes and zones', () => {
    const budgets = ofKind('PodDisruptionBudget').map(({ metadata }) => metadata.name)
    expect(budgets.sort()).toEqual([...APPS].sort())
    for (const { pod } of pods().filter(({ manifest: { kind } }) => kind === 'Deployment')) {
      const keys = pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey)
      expect(keys).toEqual(['topology.kubernetes.io/zone', 'kubernetes.io/hostname'])
    }
  })

  test('the grace period of each pod is longer than its process takes to shut down', () => {
    for (const { pod } of pods().filter(({ manifest: { kind } }) => kind === 'Deployment')) {
      const pause = pod.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(25 + pause)
    }
  })

  test('the namespace of the Operarios has a quota and denies all traffic', () => {
    expect(ofKind('ResourceQuota').filter(inOperarios)).toHaveLength(1)
    expect(ofKind('NetworkPolicy').filter(inOperarios)).toMatchObject([
      { spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] } },
    ])
  })

  test('the quota rejects no pod of an Operario for the resources that it does or does not request', () => {
    const [quota] = ofKind('ResourceQuota') as unknown as IResourceQuota[]
    const [limitRange] = ofKind('LimitRange') as unknown as ILimitRange[]
    const limited = Object.keys(quota?.spec?.hard ?? {}).filter((name) => /^(requests|limits)\./.test(name))
    const [{ defaultRequest = {}, ...others } = {}] = limitRange?.spec?.limits ?? []
    // A default limit would be below what some container requests.
    expect(others).toEqual({ type: 'Container' })
    expect(limited.sort()).toEqual(Object.keys(defaultRequest).map((name) => `requests.${name}`))
  })

  test('each image has a tag other than latest', () => {
    for (const { image = '' } of pods().flatMap(({ pod }) => pod.containers)) {
      expect(image).toMatch(/:[\w.-]+$/)
      expect(image).not.toMatch(/:latest$/)
    }
  })
})

test.skipIf(missing)('no Deployment that is scaled automatically sets its replicas', async () => {
  const manifests = await render('overlays/prod')
  const scaled = manifests.filter(({ kind }) => kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject')
  expect(scaled.map(nameOf).sort()).toEqual(['HorizontalPodAutoscaler opifer/ingest', 'ScaledObject opifer/worker'])
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment')
  const fixed = deployments.filter(({ spec }) => (spec as { replicas?: number }).replicas !== undefined)
  expect(fixed.map(({ metadata }) => metadata.name)).toEqual(['dashboard'])
})

test.skipIf(missing)('the overlay prod contains no Secret', async () => {
  const manifests = await render('overlays/prod')
  expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([])
})

test.skipIf(missing)('the manifest checks detect a privileged pod, an unknown field and an invalid value', async () => {
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
  expect(await schemaError(broken)).toContain('containers')
})

function isHardened({ securityContext, resources, readinessProbe, livenessProbe }: IContainer): boolean {
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
