import { expect, test } from 'vitest'
import { makeConfigMap } from '../testing/builders.ts'
import { type Operario, type OperarioConfigMap, readOperario } from './operario.ts'

const ADDRESS = { configMap: 'openfero-diskspacelow-firing', key: 'DiskSpaceLow' }
const WHERE = 'ConfigMap openfero/openfero-diskspacelow-firing'

test('readOperario finds the Operario of the guide with its manifest unchanged', () => {
  expect(found(makeConfigMap())).toEqual({
    configMap: 'openfero/openfero-diskspacelow-firing',
    key: 'DiskSpaceLow',
    resourceVersion: '1',
    manifestHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    manifest: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'cleanup-disk-space', labels: { app: 'openfero' } },
      spec: {
        template: {
          spec: {
            containers: [
              {
                name: 'cleanup',
                image: 'your-registry/disk-cleanup:v1.0.0',
                env: [{ name: 'DRY_RUN', value: 'false' }],
              },
            ],
            restartPolicy: 'Never',
          },
        },
      },
    },
  })
})

test.each([
  ['has only another key', makeConfigMap({ data: { diskspacelow: 'x' } }), 'DiskSpaceLow'],
  ['is empty', makeConfigMap({ data: {} }), 'DiskSpaceLow'],
  ['has no data', makeConfigMap({ data: undefined }), 'DiskSpaceLow'],
  ['has null for data', { ...makeConfigMap(), data: null } as unknown as OperarioConfigMap, 'DiskSpaceLow'],
  ['is asked for a property of every object', makeConfigMap(), 'constructor'],
  ['is asked for its prototype', makeConfigMap(), '__proto__'],
])('readOperario is unmatched if the ConfigMap %s', (_, configMap, key) => {
  expect(readOperario(configMap, { ...ADDRESS, key })).toEqual({
    kind: 'unmatched',
    reason: `${WHERE} has no key "${key}" in its data`,
  })
})

test('readOperario finds the Operario of an alert called __proto__', () => {
  const data = JSON.parse(JSON.stringify(makeConfigMap().data).replace('DiskSpaceLow', '__proto__')) as Record<
    string,
    string
  >
  expect(readOperario(makeConfigMap({ data }), { ...ADDRESS, key: '__proto__' }).kind).toBe('found')
})

test('readOperario reports a disabled Operario as disabled even if its manifest is invalid', () => {
  const metadata = { labels: { 'openfero/job-disabled': 'true' } }
  expect(readOperario(makeConfigMap({ metadata, data: { DiskSpaceLow: '' } }), ADDRESS)).toEqual({
    kind: 'disabled',
    reason: `${WHERE} has the label openfero/job-disabled: "true"`,
  })
})

test.each(['false', 'True', ''])('readOperario does not treat openfero/job-disabled: %j as disabled', (disabled) => {
  const metadata = { labels: { 'openfero/job-disabled': disabled } }
  expect(readOperario(makeConfigMap({ metadata }), ADDRESS).kind).toBe('found')
})

test('readOperario requires neither labels nor annotations', () => {
  const metadata = { labels: undefined, annotations: undefined }
  expect(readOperario(makeConfigMap({ metadata }), ADDRESS).kind).toBe('found')
})

test("readOperario reads the author's cooldown", () => {
  const metadata = { annotations: { 'opifer.io/cooldown': '5m' } }
  expect(found(makeConfigMap({ metadata })).cooldownMs).toBe(300_000)
})

test('readOperario rejects an invalid cooldown', () => {
  const metadata = { annotations: { 'opifer.io/cooldown': 'a while' } }
  expect(readOperario(makeConfigMap({ metadata }), ADDRESS)).toEqual({
    kind: 'invalid',
    reason: `${WHERE}: annotation opifer.io/cooldown is "a while", not a duration such as 90s or 5m`,
  })
})

test.each([
  ['', 'is not valid YAML: expected a document, but the input is empty'],
  ['a: [', 'is not valid YAML: '],
  ['null', 'is not a Job manifest, only a single value'],
  ['Job', 'is not a Job manifest, only a single value'],
  ['[]', 'apiVersion must be batch/v1, not undefined'],
  ['{apiVersion: batch/v1beta1, kind: Job}', 'apiVersion must be batch/v1, not "batch/v1beta1"'],
  ['{apiVersion: batch/v1, kind: CronJob}', 'kind must be Job, not "CronJob"'],
  ['{apiVersion: batch/v1, kind: Job}', 'spec.template.spec is missing'],
  [job({ spec: null }), 'spec.template.spec is missing'],
  [job({ spec: [] }), 'spec must be object'],
  [job({ spec: {} }), 'spec must have required property template'],
  [job({ spec: { template: null } }), 'spec must have required property template'],
  [job({ spec: { template: {} } }), 'spec.template.spec is missing'],
  [job({ spec: { template: { spec: null } } }), 'spec.template.spec is missing'],
  [job({}, {}), 'spec.template.spec must have required property containers'],
  [job({}, { containers: null }), 'spec.template.spec must have required property containers'],
  [job({}, { containers: [] }), 'spec.template.spec.containers must have at least one container'],
  [job({}, { containers: [null] }), 'spec.template.spec.containers.0 must be object'],
  [job({}, { containers: [{ image: 'i' }] }), 'spec.template.spec.containers.0 must have required property name'],
  [withContainer({ env: [null] }), 'spec.template.spec.containers.0.env.0 must be object'],
  [withContainer({ env: [{ value: 'v' }] }), 'spec.template.spec.containers.0.env.0 must have required property name'],
  [withContainer({ env: [{ name: 'A', value: 1 }] }), 'spec.template.spec.containers.0.env.0.value must be string'],
  [withContainer({}, { initContainers: [null] }), 'spec.template.spec.initContainers.0 must be object'],
  [withContainer({}, { restartPolicy: 'Always' }), 'restartPolicy must be Never or OnFailure, not "Always"'],
  [job({ metadata: [] }), 'metadata must be object'],
  [job({ metadata: { name: 1 } }), 'metadata.name must be string'],
  [job({ metadata: { labels: { 'a/b': 1 } } }), 'metadata.labels.a/b must be string'],
  [withContainer({}, {}, { backoffLimit: '3' }), 'spec.backoffLimit must be integer'],
  [
    withContainer({}, {}, { backoffLimit: 1.5 }),
    'spec.backoffLimit must be integer, spec.backoffLimit must match format',
  ],
])('readOperario reports for %s that it %s', (text, want) => {
  const resolution = readOperario(makeConfigMap({ data: { DiskSpaceLow: text } }), ADDRESS)
  expect(resolution).toMatchObject({ kind: 'invalid', reason: expect.stringContaining(want) })
  expect(resolution).toHaveProperty('reason', expect.stringContaining(`${WHERE}, key "DiskSpaceLow": `))
})

test.each([
  'apiVersion: batch/v1\nkind: Job\nspec: {__proto__: {template: {spec: {containers: [{name: a}]}}}}',
  'apiVersion: batch/v1\nkind: Job\nspec: {template: {spec: {__proto__: {containers: [{name: a}]}}}}',
  'apiVersion: batch/v1\nkind: Job\n__proto__: {validate: 1}',
])('readOperario rejects a manifest that sets a prototype: %s', (text) => {
  expect(readOperario(makeConfigMap({ data: { DiskSpaceLow: text } }), ADDRESS)).toMatchObject({
    kind: 'invalid',
    reason: expect.stringContaining('the key __proto__ is not allowed'),
  })
})

test('readOperario limits the length of the reason', () => {
  const text = withContainer({ env: Array.from({ length: 1_000 }, () => ({ value: 1 })) })
  const resolution = readOperario(makeConfigMap({ data: { DiskSpaceLow: text } }), ADDRESS)
  expect(resolution.kind === 'invalid' && resolution.reason.length).toBeLessThan(1_500)
})

test.each([
  ['null for metadata', job({ metadata: null })],
  ['null for labels and annotations', job({ metadata: { labels: null, annotations: null, creationTimestamp: null } })],
  ['null for the metadata of the pods', withContainer({}, {}, {}, null)],
  ['null for env', withContainer({ env: null })],
  ['null for initContainers', withContainer({}, { initContainers: null })],
  ['no restartPolicy', withContainer({})],
  ['a value of a newer Kubernetes', withContainer({ imagePullPolicy: 'WhenIdle' })],
  ['fields of a newer Kubernetes', withContainer({ futureField: { a: 1 } }, { futureToo: 1 }, { futureAsWell: 1 })],
  ['quantities that are numbers', withContainer({ resources: { limits: { cpu: 1, memory: '1Gi' } } })],
])('readOperario accepts %s', (_, text) => {
  expect(found(makeConfigMap({ data: { DiskSpaceLow: text } })).manifest).toEqual(
    JSON.parse(text, (_name, value) => value ?? undefined),
  )
})

function found(configMap: OperarioConfigMap): Operario {
  const resolution = readOperario(configMap, ADDRESS)
  if (resolution.kind !== 'found') throw new Error(resolution.reason)
  return resolution.operario
}

/** JSON is YAML too. */
function job(parts: object, pod: object = { containers: [{ name: 'a', image: 'i' }] }): string {
  return JSON.stringify({ apiVersion: 'batch/v1', kind: 'Job', spec: { template: { spec: pod } }, ...parts })
}

function withContainer(
  container: object,
  pod: object = {},
  spec: object = {},
  podMetadata: object | null = {},
): string {
  const containers = [{ name: 'a', image: 'i', ...container }]
  return job({ spec: { ...spec, template: { metadata: podMetadata, spec: { containers, ...pod } } } })
}
