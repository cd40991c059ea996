import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type OperarioManifest, readOperario } from '../operario/operario.ts'
import { hostileLabels, hostileText } from '../testing/arbitraries.ts'
import { makeAlert, makeConfigMap, makeOperario, makeRun } from '../testing/builders.ts'
import { DNS_LABEL, ENV_NAME, expand, isLabelKey, LABEL_VALUE, MAX_ENV_ENTRY } from '../testing/kubernetes.ts'
import { buildJob, type JobManifest, type JobRequest, type JobSettings } from './build-job.ts'

const SETTINGS: JobSettings = { namespace: 'openfero', ttlSeconds: 300, labels: { app: 'openfero' } }

/** The shape of a manifest of which much is to be passed on. */
const ELABORATE = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'elaborate', labels: { team: 'storage' }, finalizers: ['example.com/keep'] },
  spec: {
    backoffLimit: 3,
    activeDeadlineSeconds: 600,
    completions: 2,
    parallelism: 2,
    completionMode: 'Indexed',
    podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] },
    template: {
      metadata: { annotations: { 'sidecar.istio.io/inject': 'false' } },
      spec: {
        activeDeadlineSeconds: 600,
        serviceAccountName: 'remediator',
        restartPolicy: 'OnFailure',
        securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 },
        volumes: [{ name: 'scripts', configMap: { name: 'scripts', defaultMode: 420 } }],
        tolerations: [{ operator: 'Exists' }],
        initContainers: [{ name: 'prepare', image: 'busybox', command: ['sh', '-c', 'echo $(OPENFERO_INSTANCE)'] }],
        containers: [
          {
            name: 'work',
            image: 'worker:1',
            args: ['--instance=$(OPENFERO_INSTANCE)'],
            envFrom: [{ secretRef: { name: 'secrets' } }],
            resources: { requests: { memory: '128Mi', cpu: '100m' }, limits: { memory: '256Mi', cpu: 1 } },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            volumeMounts: [{ name: 'scripts', mountPath: '/scripts' }],
          },
        ],
      },
    },
  },
} satisfies OperarioManifest

describe('buildJob', () => {
  it('names the Job after the author, the episode and its number', () => {
    const names = [
      build().metadata.name,
      build({ number: 1 }).metadata.name,
      build({ alert: makeAlert({ startsAt: '2027-01-01T00:00:00Z' }) }).metadata.name,
      build({ run: makeRun({ dedupId: 'another' }) }).metadata.name,
    ]
    for (const name of names) expect(name).toMatch(/^cleanup-disk-space-[0-9a-f]{16}$/)
    expect(new Set(names).size).toBe(4)
    expect(build().metadata.name).toBe(names[0])
  })

  it('gives the same alert the same name in another run: that is what keeps a second Job away', () => {
    expect(build({ run: makeRun({ id: 'another' }) }).metadata.name).toBe(build().metadata.name)
  })

  it.each([
    ['the generateName', { generateName: 'generated-' }, /^generated-[0-9a-f]{16}$/],
    ['the alertname where there is neither', {}, /^diskspacelow-[0-9a-f]{16}$/],
    ['the alertname where there is no metadata', undefined, /^diskspacelow-[0-9a-f]{16}$/],
    ['the alertname where metadata is null', null, /^diskspacelow-[0-9a-f]{16}$/],
  ])('takes %s for a name', (_, metadata, want) => {
    const job = build({ operario: withManifest({ metadata } as Partial<OperarioManifest>) })
    expect(job.metadata.name).toMatch(want)
    expect(job.metadata).not.toHaveProperty('generateName')
  })

  it('says on the Job and on its pods whose they are', () => {
    const run = makeRun()
    const job = build({ run })
    for (const { labels, annotations } of [job.metadata, job.spec?.template.metadata ?? {}]) {
      expect(labels).toEqual({
        app: 'openfero',
        'opifer.io/run-id': run.id,
        'openfero.io/alert': 'DiskSpaceLow',
        'openfero.io/status': 'firing',
        'openfero.io/group-key': 'g23t6273959xj2',
      })
      expect(annotations).toEqual({
        'opifer.io/dedup-id': run.dedupId,
        'opifer.io/episode': expect.stringMatching(/^[0-9a-f]{64}$/),
        'opifer.io/operario': 'openfero/openfero-diskspacelow-firing/DiskSpaceLow@1',
      })
    }
  })

  // Computed by another implementation (Python): "g", then FNV-1a-64 to base 36.
  it.each([
    ['test-group', 'g331iakcj0idq3'],
    ['{}/{team="größe"}:{alertname="✓"}', 'g8wtop1otv7f0'],
  ])('labels the group %s as OpenFero does', (groupKey, want) => {
    expect(build({ run: makeRun({ groupKey }) }).metadata.labels).toHaveProperty(['openfero.io/group-key'], want)
  })

  it("keeps the author's labels and annotations, but not a claim to be another run's Job", () => {
    const metadata = {
      name: 'a',
      labels: { app: 'mine', team: 'storage', 'opifer.io/run-id': 'forged' },
      annotations: { note: 'mine', 'opifer.io/episode': 'forged' },
    }
    const { template, ...spec } = makeOperario().manifest.spec
    const job = build({
      operario: withManifest({ metadata, spec: { ...spec, template: { ...template, metadata } } }),
    })
    for (const { labels, annotations } of [job.metadata, job.spec?.template.metadata ?? {}]) {
      expect(labels).toMatchObject({ app: 'mine', team: 'storage', 'opifer.io/run-id': makeRun().id })
      expect(annotations).toHaveProperty('note', 'mine')
      expect(annotations).not.toHaveProperty(['opifer.io/episode'], 'forged')
    }
  })

  it("puts the alert's variables before the author's, into init containers too", () => {
    const job = build({ operario: withPod({ initContainers: [{ name: 'prepare' }] }) })
    const pod = job.spec?.template.spec
    for (const container of [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])]) {
      expect(container.env?.map(({ name }) => name).slice(0, 8)).toContain('OPENFERO_ALERTNAME')
    }
    expect(pod?.containers[0]?.env?.at(-1)).toEqual({ name: 'DRY_RUN', value: 'false' })
    expect(pod?.initContainers).toHaveLength(1)
  })

  it("lets the author's variable stay unless the alert has one of that name", () => {
    const env = [
      { name: 'OPENFERO_SEVERITY', value: 'gives way' },
      { name: 'OPENFERO_RETRIES', value: 'stays' },
      { name: 'OPIFER_RUN_ID', value: 'gives way' },
    ]
    const job = build({ operario: withPod({ containers: [{ name: 'a', env }] }) })
    const variables = job.spec?.template.spec?.containers[0]?.env ?? []
    expect(variables.map(({ value }) => value)).not.toContain('gives way')
    expect(variables).toContainEqual({ name: 'OPENFERO_RETRIES', value: 'stays' })
    expect(variables).toContainEqual({ name: 'OPENFERO_SEVERITY', value: 'warning' })
  })

  it.each([
    ['no time to live', {}, 300],
    ['null for a time to live', { ttlSecondsAfterFinished: null }, 300],
    ['a time to live', { ttlSecondsAfterFinished: 60 }, 60],
    ['no time to live at all', { ttlSecondsAfterFinished: 0 }, 0],
  ])('of an author with %s makes %s s', (_, spec, want) => {
    expect(build({ operario: withSpec(spec as Partial<OperarioManifest['spec']>) }).spec?.ttlSecondsAfterFinished).toBe(
      want,
    )
  })

  it.each([
    [undefined, 'Never'],
    ['OnFailure', 'OnFailure'],
  ] as const)('makes the restartPolicy %s %s', (restartPolicy, want) => {
    const { containers } = makeOperario().manifest.spec.template.spec
    const spec = { containers, ...(restartPolicy && { restartPolicy }) }
    expect(build({ operario: withSpec({ template: { spec } }) }).spec?.template.spec?.restartPolicy).toBe(want)
  })

  it('passes on everything else unchanged', () => {
    const job = build({ operario: withManifest(ELABORATE) })
    const { metadata, spec } = structuredClone(job)
    const pods = spec?.template
    for (const container of [...(pods?.spec?.containers ?? []), ...(pods?.spec?.initContainers ?? [])])
      delete container.env
    expect({ metadata, spec }).toEqual({
      metadata: { ...ELABORATE.metadata, ...ours(job.metadata), name: job.metadata.name, namespace: 'openfero' },
      spec: {
        ...ELABORATE.spec,
        ttlSecondsAfterFinished: 300,
        template: {
          ...ELABORATE.spec.template,
          metadata: { ...ELABORATE.spec.template.metadata, ...ours(pods?.metadata) },
        },
      },
    })
  })

  it('sends no version and no status, which a new object can not have', () => {
    const metadata = { name: 'a', resourceVersion: '5' }
    const job = build({ operario: withManifest({ metadata, status: { active: 1 } }) })
    expect(job.metadata).not.toHaveProperty('resourceVersion')
    expect(job).not.toHaveProperty('status')
  })

  it('never changes the manifest, which all runs share', () => {
    const operario = frozen(withManifest(ELABORATE))
    expect(build({ operario })).toEqual(build({ operario: withManifest(ELABORATE) }))
  })
})

describe('buildJob, of what can never work', () => {
  it('refuses a Job for another namespace', () => {
    expect(attempt({ operario: withManifest({ metadata: { namespace: 'kube-system' } }) })).toEqual({
      ok: false,
      reason:
        'ConfigMap openfero/openfero-diskspacelow-firing, key "DiskSpaceLow": metadata.namespace is kube-system, but Jobs are created in openfero only',
    })
  })

  it.each(['openfero', '', null])('takes the namespace %j', (namespace) => {
    const job = build({ operario: withManifest({ metadata: { namespace } } as Partial<OperarioManifest>) })
    expect(job.metadata.namespace).toBe('openfero')
  })

  it.each([
    ['one great label in twenty containers', 20, 'x'.repeat(100_000)],
    ['a manifest that is large by itself', 1, ''],
    ['more containers than can be written out', 4_000, 'x'.repeat(200_000)],
  ])('refuses a Job that is larger than Kubernetes can keep: %s', (_, count, label) => {
    const command = [count === 1 ? 'x'.repeat(1_400_000) : 'true']
    const containers = Array.from({ length: count }, (__, index) => ({ name: `c${index}`, command }))
    const alert = makeAlert({ labels: { alertname: 'A', long: label } })
    expect(attempt({ alert, operario: withPod({ containers }) })).toEqual({
      ok: false,
      reason: 'the Job would be larger than the 1400000 bytes that Kubernetes can keep',
    })
  })

  it('remarks on a variable of the author that gives way', () => {
    const containers = [{ name: 'a', env: [{ name: 'OPENFERO_ALERTNAME', value: 'mine' }] }]
    expect(attempt({ operario: withPod({ containers }) })).toMatchObject({
      remarks: ['OPENFERO_ALERTNAME of container a gives way to the injected one'],
    })
  })
})

describe('buildJob, whatever the author wrote', () => {
  const strange = [null, undefined, [], {}, 0, '', true, [null], { a: null }]

  it.each([...placesIn(ELABORATE)].map((place) => [place.join('.'), place] as const))(
    'does not throw where %s is strange, unless the manifest was refused',
    (_, place) => {
      for (const value of strange) {
        const text = JSON.stringify(replaced(ELABORATE, place, value))
        const resolution = readOperario(makeConfigMap({ data: { A: text } }), { configMap: 'a', key: 'A' })
        const name = resolution.kind === 'found' && build({ operario: resolution.operario }).metadata.name
        expect(name || resolution.kind).toMatch(/^(invalid|.*-[0-9a-f]{16})$/)
      }
    },
  )
})

describe('buildJob, whatever the alert', () => {
  const requests = fc
    .record({
      alertname: hostileText.filter(Boolean),
      labels: hostileLabels,
      annotations: hostileLabels,
      groupKey: hostileText,
      number: fc.nat(),
    })
    .map(({ groupKey, number, ...parts }) => {
      const alert = makeAlert(parts)
      return { run: makeRun({ groupKey, alert }), alert, number }
    })

  it("obeys Kubernetes' rules in all that it adds, every time in the same way", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const built = attempt(request)
        const wrong = built.ok ? violations(built.job) : [built.reason]
        expect(wrong.filter((reason) => !reason.startsWith('the Job would be'))).toEqual([])
        expect(attempt(request)).toEqual(built)
      }),
      { numRuns: 100 },
    )
  })
})

/** What the API server, the kubelet or the kernel would refuse. */
function violations({ metadata, spec }: JobManifest): string[] {
  const pods = spec?.template.metadata
  return [
    ...(DNS_LABEL.test(metadata.name) && metadata.name.length <= 63 ? [] : [`name ${metadata.name}`]),
    ...[metadata.labels, pods?.labels].flatMap(labelViolations),
    ...[metadata.annotations, pods?.annotations].flatMap(annotationViolations),
    ...(spec?.template.spec?.containers ?? []).flatMap(({ env }) => envViolations(env)),
  ]
}

function labelViolations(labels: Readonly<Record<string, string>> = {}): string[] {
  const wrong = Object.entries(labels).filter(
    ([key, value]) => !isLabelKey(key) || value.length > 63 || !LABEL_VALUE.test(value),
  )
  return wrong.map(([key, value]) => `label ${key}: ${value}`)
}

function annotationViolations(annotations: Readonly<Record<string, string>> = {}): string[] {
  const size = Buffer.byteLength(Object.entries(annotations).flat().join(''))
  const wrongKeys = Object.keys(annotations).filter((key) => !isLabelKey(key))
  return [
    ...wrongKeys.map((key) => `annotation ${key}`),
    ...(size > 256 * 1024 ? [`${size} bytes of annotations`] : []),
  ]
}

function envViolations(env: readonly { name: string; value?: string }[] = []): string[] {
  const names = new Set(env.map(({ name }) => name))
  const wrong = env.filter(
    ({ name, value = '' }) =>
      !ENV_NAME.test(name) || value.includes('\0') || Buffer.byteLength(`${name}=${expand(value)}`) > MAX_ENV_ENTRY,
  )
  return [...wrong.map(({ name }) => `variable ${name}`), ...(names.size < env.length ? ['a variable twice'] : [])]
}

function attempt(request: Partial<JobRequest> = {}) {
  const run = request.run ?? makeRun()
  return buildJob({ run, alert: makeAlert(), operario: makeOperario(), number: 0, ...request }, SETTINGS)
}

function build(request: Partial<JobRequest> = {}): JobManifest {
  const built = attempt(request)
  if (!built.ok) throw new Error(built.reason)
  return built.job
}

function withManifest(overrides: Partial<OperarioManifest>) {
  return makeOperario({ manifest: { ...makeOperario().manifest, ...overrides } })
}

function withSpec(overrides: Partial<OperarioManifest['spec']>) {
  return withManifest({ spec: { ...makeOperario().manifest.spec, ...overrides } })
}

function withPod(overrides: Partial<OperarioManifest['spec']['template']['spec']>) {
  const { spec } = makeOperario().manifest.spec.template
  return withSpec({ template: { spec: { ...spec, ...overrides } } })
}

/** The parts of the metadata that are partly Opifer's. */
function ours({ labels, annotations }: JobManifest['metadata'] | { labels?: object; annotations?: object } = {}) {
  return { labels, annotations }
}

/** The path to every part of a value. */
function* placesIn(value: unknown, place: string[] = []): Generator<string[]> {
  if (place.length > 0) yield place
  if (typeof value !== 'object' || value === null) return
  for (const [key, part] of Object.entries(value)) yield* placesIn(part, [...place, key])
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>
  copy[key] = replaced(copy[key], rest, by)
  return copy
}

function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}
