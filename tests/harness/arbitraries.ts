import * as fc from 'fast-check'

const hostileText = fc.constantFrom(
  '',
  '__proto__',
  'constructor',
  'toString',
  '$(SECRET)',
  '$$(SECRET)',
  '{{ .Env.SECRET }}',
  '"; exit 1 #',
  '../../etc/passwd',
  'a\0b',
  '\ud800',
  'line\nbreak',
  'x'.repeat(300),
)
const anyText = fc.oneof(hostileText, fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ maxLength: 20 }))
/** Short enough that a Job of several containers, each with all of it, is not larger than Kubernetes can store. */
const longText = fc.constant('ü'.repeat(3_000))
const labelName = fc.oneof(fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,20}$/), anyText)

const labels = fc
  .tuple(
    fc.dictionary(labelName, fc.oneof({ weight: 20, arbitrary: anyText }, longText), { maxKeys: 8 }),
    fc.oneof(fc.stringMatching(/^[A-Z][A-Za-z]{1,80}$/), anyText),
  )
  .map(([others, alertname]) => ({ ...others, alertname }))

const validAlert = fc.record(
  {
    status: fc.constantFrom('firing', 'resolved'),
    labels,
    annotations: fc.dictionary(labelName, anyText, { maxKeys: 4 }),
    startsAt: fc.constantFrom('2026-11-23T03:58:54.050894278Z', '0001-01-01T00:00:00Z', '2026-11-23T05:58:54+02:00'),
    generatorURL: anyText,
    fingerprint: fc.stringMatching(/^[0-9a-f]{16}$/),
  },
  { requiredKeys: ['status', 'labels'] },
)

/** A webhook as JSON text: only there can an object have an ordinary key `__proto__`. */
export const webhookText = fc
  .record({
    version: fc.constant('4'),
    groupKey: fc.oneof(fc.constant('{}:{alertname="X"}'), fc.string({ minLength: 1, unit: 'binary' })),
    receiver: anyText,
    alerts: fc.array(fc.oneof({ weight: 5, arbitrary: validAlert }, fc.jsonValue()), { maxLength: 4 }),
  })
  .map((webhook) => JSON.stringify(webhook))

const dnsLabel = fc.stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$/)
const envName = fc.oneof(
  fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,20}$/),
  fc.constantFrom('OPENFERO_ALERTNAME', 'a.b-c', 'x y'),
)
const variable = fc.oneof(
  fc.record({ name: envName, value: fc.string() }),
  fc.record({ name: envName, valueFrom: fc.constant({ fieldRef: { fieldPath: 'metadata.name' } }) }),
)
const labelPairs = fc.dictionary(
  fc.oneof(
    dnsLabel,
    dnsLabel.map((name) => `example.com/${name}`),
    fc.constant('openfero.io/alert'),
  ),
  fc.stringMatching(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,60}[A-Za-z0-9])?)?$/),
  { maxKeys: 3 },
)
const metadata = fc.record(
  {
    name: anyText,
    generateName: dnsLabel,
    labels: labelPairs,
    annotations: fc.dictionary(dnsLabel, fc.string(), { maxKeys: 3 }),
  },
  { requiredKeys: [] },
)

const container = fc.record(
  {
    image: fc.constantFrom('your-image:tag', 'registry.example:5000/a/b@sha256:00'),
    command: fc.array(fc.string(), { maxLength: 3 }),
    args: fc.array(fc.string(), { maxLength: 3 }),
    env: fc.array(variable, { maxLength: 4 }),
    envFrom: fc.constant([{ configMapRef: { name: 'shared' } }]),
    resources: fc.constant({ requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: 1, memory: '256Mi' } }),
    securityContext: fc.constant({ runAsNonRoot: true, capabilities: { drop: ['ALL'] } }),
    volumeMounts: fc.constant([{ name: 'scratch', mountPath: '/scratch' }]),
  },
  { requiredKeys: ['image'] },
)

const pod = fc
  .record(
    {
      containers: fc.array(container, { minLength: 1, maxLength: 3 }),
      initContainers: fc.array(container, { maxLength: 2 }),
      restartPolicy: fc.constantFrom('Never', 'OnFailure'),
      serviceAccountName: dnsLabel,
      activeDeadlineSeconds: fc.integer({ min: 1, max: 10_000 }),
    },
    { requiredKeys: ['containers'] },
  )
  .map((spec) => ({
    ...spec,
    containers: spec.containers.map((one, index) => ({ ...one, name: `main-${index}` })),
    ...(spec.initContainers && {
      initContainers: spec.initContainers.map((one, index) => ({ ...one, name: `init-${index}` })),
    }),
    volumes: [{ name: 'scratch', emptyDir: {} }],
  }))

const count = fc.integer({ min: 0, max: 10 })

/** A Job manifest that Kubernetes accepts, except for its name, which the Job will not keep. */
export const validManifest = fc.record(
  {
    apiVersion: fc.constant('batch/v1'),
    kind: fc.constant('Job'),
    metadata,
    spec: fc
      .record(
        { backoffLimit: count, activeDeadlineSeconds: count, ttlSecondsAfterFinished: count, parallelism: count },
        { requiredKeys: [] },
      )
      .chain((spec) =>
        fc
          .record({
            metadata: fc.option(
              metadata.map(({ name: _, ...rest }) => rest),
              { nil: undefined },
            ),
            spec: pod,
          })
          .map((template) => ({ ...spec, template })),
      ),
  },
  { requiredKeys: ['apiVersion', 'kind', 'spec'] },
)

type Mutation = { at: number; to: { value: unknown } | 'nothing' | 'twice' }

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  to: fc.oneof(
    fc.constantFrom('nothing' as const, 'twice' as const),
    fc
      .oneof(
        fc.jsonValue({ maxDepth: 2 }),
        hostileText,
        fc.constantFrom(-1, 2 ** 40, 1.5, 'Always', 'no', [null], [[]], null),
      )
      .map((value) => ({ value })),
  ),
})

/** A valid manifest in which up to three values were replaced, removed or duplicated. */
export const brokenManifest = fc
  .tuple(validManifest, fc.array(mutation, { minLength: 1, maxLength: 3 }))
  .map(([manifest, mutations]) => {
    const text = JSON.stringify(manifest)
    return mutations.reduce((broken, one) => mutate(broken, one), JSON.parse(text) as object)
  })

function mutate(root: object, { at, to }: Mutation): object {
  const places = placesIn(root)
  const place = places[at % places.length]
  if (!place) return root
  const { owner, key } = place
  if (to === 'nothing') Reflect.deleteProperty(owner, key)
  else if (to === 'twice' && Array.isArray(owner)) owner.push(owner[Number(key)])
  else if (to !== 'twice')
    Object.defineProperty(owner, key, { value: to.value, enumerable: true, configurable: true, writable: true })
  return root
}

function placesIn(owner: object): { owner: object; key: string }[] {
  return Object.entries(owner).flatMap(([key, value]) => [
    { owner, key },
    ...(typeof value === 'object' && value !== null ? placesIn(value as object) : []),
  ])
}
