import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type OperarioManifest, readOperario } from '../operario/operario.ts'
import { hostileLabels, hostileText } from '../testing/arbitraries.ts'
import { makeAlert, makeConfigMap, makeOperario, makeRun } from '../testing/builders.ts'
import { DNS_LABEL, ENV_NAME, expand, isLabelKey, LABEL_VALUE, MAX_ENV_ENTRY } from '../testing/kubernetes.ts'
import { buildJob, type JobManifest, type JobRequest, type JobSettings } from './build-job.ts'

const SETTINGS: JobSettings = { namespace: 'openfero', ttlSeconds: 300, labels: { app: 'openfero' } }

/** A manifest with many fields that must be passed on. */
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
  test('buildJob names the Job after the author, the alert key and its number', () => {
    const names = [
      build().metadata.name,
      build({ number: 1 }).metadata.name,
      build({ run: makeRun({ alertKey: 'another' }) }).metadata.name,
      build({ run: makeRun({ alertKey: undefined, dedupId: 'another' }) }).metadata.name,
    ]
    for (const name of names) expect(name).toMatch(/^cleanup-disk-space-[0-9a-f]{16}-[01]$/)
    expect(new Set(names).size).toBe(3)
    expect(names[3]).toBe(names[2])
    expect(build().metadata.name).toBe(names[0])
  })

  test('buildJob names the Job of another firing of the alert alike, so the API server refuses a second one', () => {
    const alert = makeAlert({ startsAt: '2027-01-01T00:00:00Z' })
    const run = makeRun({ id: 'another', alert })
    expect(run.dedupId).not.toBe(makeRun().dedupId)
    expect(build({ run, alert }).metadata.name).toBe(build().metadata.name)
  })

  test('buildJob gives the same alert the same name in another run, so the API server refuses a second Job', () => {
    expect(build({ run: makeRun({ id: 'another' }) }).metadata.name).toBe(build().metadata.name)
  })

  test.each([
    ['the generateName', { generateName: 'generated-' }, /^generated-[0-9a-f]{16}-0$/],
    ['the alertname where there is neither', {}, /^diskspacelow-[0-9a-f]{16}-0$/],
    ['the alertname where there is no metadata', undefined, /^diskspacelow-[0-9a-f]{16}-0$/],
    ['the alertname where metadata is null', null, /^diskspacelow-[0-9a-f]{16}-0$/],
  ])('buildJob takes %s as the name', (_, metadata, want) => {
    const job = build({ operario: withManifest({ metadata } as Partial<OperarioManifest>) })
    expect(job.metadata.name).toMatch(want)
    expect(job.metadata).not.toHaveProperty('generateName')
  })

  test('buildJob marks the Job and its pods with the run, the alert and the Operario', () => {
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
        'opifer.io/alert-key': run.alertKey,
        'opifer.io/operario': 'openfero/openfero-diskspacelow-firing/DiskSpaceLow@1',
      })
    }
  })

  // Computed by another implementation (Python): "g", then FNV-1a-64 to base 36.
  test.each([
    ['test-group', 'g331iakcj0idq3'],
    ['{}/{team="größe"}:{alertname="✓"}', 'g8wtop1otv7f0'],
  ])('buildJob labels the group %s as OpenFero does', (groupKey, want) => {
    expect(build({ run: makeRun({ groupKey }) }).metadata.labels).toHaveProperty(['openfero.io/group-key'], want)
  })

  test("buildJob keeps the author's labels and annotations, but not a claim to be another run's Job", () => {
    const metadata = {
      name: 'a',
      labels: { app: 'mine', team: 'storage', 'opifer.io/run-id': 'forged' },
      annotations: { note: 'mine', 'opifer.io/alert-key': 'forged' },
    }
    const { template, ...spec } = makeOperario().manifest.spec
    const job = build({
      operario: withManifest({ metadata, spec: { ...spec, template: { ...template, metadata } } }),
    })
    for (const { labels, annotations } of [job.metadata, job.spec?.template.metadata ?? {}]) {
      expect(labels).toMatchObject({ app: 'mine', team: 'storage', 'opifer.io/run-id': makeRun().id })
      expect(annotations).toHaveProperty('note', 'mine')
      expect(annotations).not.toHaveProperty(['opifer.io/alert-key'], 'forged')
    }
  })

  test("buildJob puts the alert's variables before the author's, into init containers too", () => {
    const job = build({ operario: withPod({ initContainers: [{ name: 'prepare' }] }) })
    const pod = job.spec?.template.spec
    for (const container of [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])]) {
      expect(container.env?.map(({ name }) => name).slice(0, 8)).toContain('OPENFERO_ALERTNAME')
    }
    expect(pod?.containers[0]?.env?.at(-1)).toEqual({ name: 'DRY_RUN', value: 'false' })
    expect(pod?.initContainers).toHaveLength(1)
  })

  test("buildJob keeps the author's variable unless the alert has one of that name", () => {
    const env = [
      { name: 'OPENFERO_SEVERITY', value: 'overridden' },
      { name: 'OPENFERO_RETRIES', value: 'stays' },
      { name: 'OPIFER_RUN_ID', value: 'overridden' },
    ]
    const job = build({ operario: withPod({ containers: [{ name: 'a', env }] }) })
    const variables = job.spec?.template.spec?.containers[0]?.env ?? []
    expect(variables.map(({ value }) => value)).not.toContain('overridden')
    expect(variables).toContainEqual({ name: 'OPENFERO_RETRIES', value: 'stays' })
    expect(variables).toContainEqual({ name: 'OPENFERO_SEVERITY', value: 'warning' })
  })

  test.each([
    ['no time to live', {}, 300],
    ['null for a time to live', { ttlSecondsAfterFinished: null }, 300],
    ['a time to live', { ttlSecondsAfterFinished: 60 }, 60],
    ['no time to live at all', { ttlSecondsAfterFinished: 0 }, 0],
  ])('buildJob with %s of the author sets %s s', (_, spec, want) => {
    expect(build({ operario: withSpec(spec as Partial<OperarioManifest['spec']>) }).spec?.ttlSecondsAfterFinished).toBe(
      want,
    )
  })

  test.each([
    [undefined, 'Never'],
    ['OnFailure', 'OnFailure'],
  ] as const)('buildJob turns the restartPolicy %s into %s', (restartPolicy, want) => {
    const { containers } = makeOperario().manifest.spec.template.spec
    const spec = { containers, ...(restartPolicy && { restartPolicy }) }
    expect(build({ operario: withSpec({ template: { spec } }) }).spec?.template.spec?.restartPolicy).toBe(want)
  })

  test('buildJob passes on everything else unchanged', () => {
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

  test('buildJob sends no version and no status, which a new object cannot have', () => {
    const metadata = { name: 'a', resourceVersion: '5' }
    const job = build({ operario: withManifest({ metadata, status: { active: 1 } }) })
    expect(job.metadata).not.toHaveProperty('resourceVersion')
    expect(job).not.toHaveProperty('status')
  })

  test('buildJob never changes the manifest, which all runs share', () => {
    const operario = frozen(withManifest(ELABORATE))
    expect(build({ operario })).toEqual(build({ operario: withManifest(ELABORATE) }))
  })
})

describe('buildJob, of what can never work', () => {
  test('buildJob rejects a Job for another namespace', () => {
    expect(attempt({ operario: withManifest({ metadata: { namespace: 'kube-system' } }) })).toEqual({
      ok: false,
      reason:
        'ConfigMap openfero/openfero-diskspacelow-firing, key "DiskSpaceLow": metadata.namespace is kube-system, but Jobs are created in openfero only',
    })
  })

  test.each(['openfero', '', null])('buildJob accepts the namespace %j', (namespace) => {
    const job = build({ operario: withManifest({ metadata: { namespace } } as Partial<OperarioManifest>) })
    expect(job.metadata.namespace).toBe('openfero')
  })

  test.each([
    ['one great label in twenty containers', 20, 'x'.repeat(100_000)],
    ['a manifest that is large on its own', 1, ''],
    ['more containers than can be written out', 4_000, 'x'.repeat(200_000)],
  ])('buildJob rejects a Job that is larger than Kubernetes can store: %s', (_, count, label) => {
    const command = [count === 1 ? 'x'.repeat(1_400_000) : 'true']
    const containers = Array.from({ length: count }, (__, index) => ({ name: `c${index}`, command }))
    const alert = makeAlert({ labels: { alertname: 'A', long: label } })
    expect(attempt({ alert, operario: withPod({ containers }) })).toEqual({
      ok: false,
      reason: 'the Job would be larger than 1400000 bytes, the most that Kubernetes can store',
    })
  })

  test('buildJob warns about a variable of the author that is overridden', () => {
    const containers = [{ name: 'a', env: [{ name: 'OPENFERO_ALERTNAME', value: 'mine' }] }]
    expect(attempt({ operario: withPod({ containers }) })).toMatchObject({
      warnings: ['OPENFERO_ALERTNAME in container a is overridden by the injected variable'],
    })
  })
})

describe('buildJob, whatever the author wrote', () => {
  const strange = [null, undefined, [], {}, 0, '', true, [null], { a: null }]

  test.each([...placesIn(ELABORATE)].map((place) => [place.join('.'), place] as const))(
    'buildJob does not throw where %s is strange, unless the manifest was rejected',
    (_, place) => {
      for (const value of strange) {
        const text = JSON.stringify(replaced(ELABORATE, place, value))
        const resolution = readOperario(makeConfigMap({ data: { A: text } }), { configMap: 'a', key: 'A' })
        const name = resolution.kind === 'found' && build({ operario: resolution.operario }).metadata.name
        expect(name || resolution.kind).toMatch(/^(invalid|.*-[0-9a-f]{16}-0)$/)
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

  test("buildJob obeys Kubernetes' rules in all that it adds, every time in the same way", () => {
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
