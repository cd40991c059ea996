import { assert, jsonValue, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { validateJob } from './job.ts'
import type { Fields } from './value.ts'

interface Parts {
  metadata?: object
  spec?: object
  template?: object
  podSpec?: object
  container?: object
}

function makeJob({ metadata, spec, template, podSpec, container }: Parts = {}): object {
  const containers = [{ name: 'main', image: 'busybox', ...container }]
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'job', ...metadata },
    spec: { template: { spec: { restartPolicy: 'Never', containers, ...podSpec }, ...template }, ...spec },
  }
}

const pod = 'spec.template.spec'
const first = `${pod}.containers[0]`

describe('a Job is accepted', () => {
  const accepted: [string, Parts][] = [
    ['as it is', {}],
    ['with a prefix for its name', { metadata: { name: undefined, generateName: 'job-' } }],
    ['with a name of 63 characters', { metadata: { name: 'a'.repeat(63) } }],
    [
      'with a long name when its selector is its own',
      { metadata: { name: 'a'.repeat(64) }, spec: { manualSelector: true, selector: {} } },
    ],
    [
      'with labels and annotations',
      { metadata: { labels: { 'a.b/c': 'D_e.f' }, annotations: { 'A.b/c': 'any text\n' } } },
    ],
    [
      'with nulls',
      {
        metadata: { labels: null },
        spec: { backoffLimit: null },
        podSpec: { volumes: null },
        container: { env: null },
      },
    ],
    ['that is restarted', { podSpec: { restartPolicy: 'OnFailure' } }],
    ['with odd names of variables', { container: { env: [{ name: '1 a.b-c!', value: '' }, { name: '~' }] } }],
    [
      'with the same variable twice',
      {
        container: {
          env: [
            { name: 'A', value: '1' },
            { name: 'A', value: '2' },
          ],
        },
      },
    ],
    [
      'with a variable from a field',
      { container: { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] } },
    ],
    [
      'with resources',
      {
        container: {
          resources: { limits: { cpu: 1, memory: '1.5Gi', 'a.b/gpu': '1' }, requests: { cpu: '100m', memory: '1e9' } },
        },
      },
    ],
    [
      'with a mounted volume',
      {
        podSpec: { volumes: [{ name: 'v', emptyDir: {} }] },
        container: { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
      },
    ],
    ['with a volume without a source', { podSpec: { volumes: [{ name: 'v' }] } }],
    ['with init containers', { podSpec: { initContainers: [{ name: 'init', image: 'busybox' }] } }],
    ['indexed', { spec: { completionMode: 'Indexed', completions: 3, backoffLimitPerIndex: 1, maxFailedIndexes: 1 } }],
    [
      'with a failure policy',
      { spec: { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] } } },
    ],
    ['with zeros', { spec: { backoffLimit: 0, ttlSecondsAfterFinished: 0, parallelism: 0 } }],
    ['with unknown fields, which are not its business', { spec: { unheardOf: 1 } }],
  ]

  it.each(accepted)('%s', (_, parts) => {
    expect(validateJob(makeJob(parts))).toEqual([])
  })
})

describe('a Job is refused', () => {
  const invalid = 'FieldValueInvalid'
  const missing = 'FieldValueRequired'
  const unsupported = 'FieldValueNotSupported'
  const wrongType = 'FieldValueTypeInvalid'
  const refused: [string, Parts, string, string][] = [
    ['without a name', { metadata: { name: '' } }, 'metadata.name', missing],
    ['with a name in upper case', { metadata: { name: 'Job' } }, 'metadata.name', invalid],
    ['with an underscore in its name', { metadata: { name: 'a_b' } }, 'metadata.name', invalid],
    ['with a name that ends in a dash', { metadata: { name: 'a-' } }, 'metadata.name', invalid],
    ['with a name of 64 characters', { metadata: { name: 'a'.repeat(64) } }, 'spec.template.labels', invalid],
    ['with a bad prefix', { metadata: { name: undefined, generateName: 'A-' } }, 'metadata.generateName', invalid],
    ['with a bad label key', { metadata: { labels: { 'a b': '' } } }, 'metadata.labels', invalid],
    ['with two slashes in a label key', { metadata: { labels: { 'a/b/c': '' } } }, 'metadata.labels', invalid],
    ['with an empty prefix of a label key', { metadata: { labels: { '/a': '' } } }, 'metadata.labels', invalid],
    ['with a long label value', { metadata: { labels: { a: 'a'.repeat(64) } } }, 'metadata.labels', invalid],
    ['with a label value of odd characters', { metadata: { labels: { a: 'a b' } } }, 'metadata.labels', invalid],
    ['with a label value that is a number', { metadata: { labels: { a: 1 } } }, 'metadata.labels[a]', wrongType],
    ['with a bad annotation key', { metadata: { annotations: { 'a b': '' } } }, 'metadata.annotations', invalid],
    [
      'with too many annotations',
      { metadata: { annotations: { a: 'x'.repeat(256 * 1024) } } },
      'metadata.annotations',
      'FieldValueTooLong',
    ],
    [
      'with an owner without uid',
      { metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'a' }] } },
      'metadata.ownerReferences[0].uid',
      invalid,
    ],
    [
      'with a bad label of its pods',
      { template: { metadata: { labels: { a: '!' } } } },
      'spec.template.labels',
      invalid,
    ],
    ['with a negative backoffLimit', { spec: { backoffLimit: -1 } }, 'spec.backoffLimit', invalid],
    ['with a negative TTL', { spec: { ttlSecondsAfterFinished: -1 } }, 'spec.ttlSecondsAfterFinished', invalid],
    ['with a backoffLimit in quotes', { spec: { backoffLimit: '3' } }, 'spec.backoffLimit', wrongType],
    ['with half a backoffLimit', { spec: { backoffLimit: 1.5 } }, 'spec.backoffLimit', wrongType],
    ['with a backoffLimit beyond 32 bits', { spec: { backoffLimit: 2 ** 31 } }, 'spec.backoffLimit', wrongType],
    ['with suspend in quotes', { spec: { suspend: 'true' } }, 'spec.suspend', wrongType],
    ['with an unheard-of completion mode', { spec: { completionMode: 'Other' } }, 'spec.completionMode', unsupported],
    ['indexed without completions', { spec: { completionMode: 'Indexed' } }, 'spec.completions', missing],
    [
      'with a limit per index without indexes',
      { spec: { backoffLimitPerIndex: 1 } },
      'spec.backoffLimitPerIndex',
      invalid,
    ],
    [
      'with a selector that it was not to set',
      { spec: { selector: { matchLabels: { a: 'b' } } } },
      'spec.selector',
      invalid,
    ],
    ['with its own selector that is missing', { spec: { manualSelector: true } }, 'spec.selector', missing],
    [
      'with a failure rule of no action',
      { spec: { podFailurePolicy: { rules: [{ onExitCodes: {} }] } } },
      'spec.podFailurePolicy.rules[0].action',
      missing,
    ],
    [
      'with a failure rule of an odd action',
      { spec: { podFailurePolicy: { rules: [{ action: 'x', onExitCodes: {} }] } } },
      'spec.podFailurePolicy.rules[0].action',
      unsupported,
    ],
    [
      'with a failure rule about nothing',
      { spec: { podFailurePolicy: { rules: [{ action: 'Count' }] } } },
      'spec.podFailurePolicy.rules[0]',
      invalid,
    ],
    [
      'with an odd replacement policy',
      { spec: { podReplacementPolicy: 'Never' } },
      'spec.podReplacementPolicy',
      unsupported,
    ],
    ['without a restart policy', { podSpec: { restartPolicy: undefined } }, `${pod}.restartPolicy`, missing],
    ['that is always restarted', { podSpec: { restartPolicy: 'Always' } }, `${pod}.restartPolicy`, missing],
    ['without containers', { podSpec: { containers: [] } }, `${pod}.containers`, missing],
    ['with containers that are no list', { podSpec: { containers: {} } }, `${pod}.containers`, wrongType],
    ['with an odd DNS policy', { podSpec: { dnsPolicy: 'x' } }, `${pod}.dnsPolicy`, unsupported],
    [
      'with a deadline of its pods of 0',
      { podSpec: { activeDeadlineSeconds: 0 } },
      `${pod}.activeDeadlineSeconds`,
      invalid,
    ],
    ['with a bad service account', { podSpec: { serviceAccountName: 'A' } }, `${pod}.serviceAccountName`, invalid],
    ['with a nameless container', { container: { name: '' } }, `${first}.name`, missing],
    ['with a dot in a container’s name', { container: { name: 'a.b' } }, `${first}.name`, invalid],
    [
      'with the same container twice',
      { podSpec: { initContainers: [{ name: 'main', image: 'x' }] } },
      `${pod}.initContainers[0].name`,
      'FieldValueDuplicate',
    ],
    ['without an image', { container: { image: undefined } }, `${first}.image`, missing],
    ['with a space behind its image', { container: { image: 'busybox ' } }, `${first}.image`, invalid],
    [
      'with an odd pull policy',
      { container: { imagePullPolicy: 'Sometimes' } },
      `${first}.imagePullPolicy`,
      unsupported,
    ],
    ['with a command that is one string', { container: { command: 'sleep 1' } }, `${first}.command`, wrongType],
    ['with an argument that is a number', { container: { args: ['sleep', 1] } }, `${first}.args[1]`, wrongType],
    ['with a nameless variable', { container: { env: [{ value: '1' }] } }, `${first}.env[0].name`, missing],
    ['with = in a variable’s name', { container: { env: [{ name: 'A=B' }] } }, `${first}.env[0].name`, invalid],
    ['with a variable’s name beyond ASCII', { container: { env: [{ name: 'Ä' }] } }, `${first}.env[0].name`, invalid],
    [
      'with a variable that is a number',
      { container: { env: [{ name: 'A', value: 1 }] } },
      `${first}.env[0].value`,
      wrongType,
    ],
    [
      'with a value and a source',
      { container: { env: [{ name: 'A', value: '1', valueFrom: { fieldRef: {} } }] } },
      `${first}.env[0].valueFrom`,
      invalid,
    ],
    [
      'with an empty source',
      { container: { env: [{ name: 'A', valueFrom: {} }] } },
      `${first}.env[0].valueFrom`,
      invalid,
    ],
    [
      'with two sources',
      { container: { env: [{ name: 'A', valueFrom: { fieldRef: {}, secretKeyRef: {} } }] } },
      `${first}.env[0].valueFrom`,
      invalid,
    ],
    [
      'with an odd port',
      { container: { ports: [{ containerPort: 70_000 }] } },
      `${first}.ports[0].containerPort`,
      invalid,
    ],
    ['without a port', { container: { ports: [{ name: 'http' }] } }, `${first}.ports[0].containerPort`, missing],
    [
      'with a quantity that is none',
      { container: { resources: { limits: { cpu: 'lots' } } } },
      `${first}.resources.limits[cpu]`,
      wrongType,
    ],
    [
      'with a negative quantity',
      { container: { resources: { limits: { cpu: '-1' } } } },
      `${first}.resources.limits[cpu]`,
      invalid,
    ],
    [
      'with an odd resource',
      { container: { resources: { limits: { disk: '1' } } } },
      `${first}.resources.limits`,
      invalid,
    ],
    [
      'that asks for more than its limit',
      { container: { resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } } },
      `${first}.resources.requests`,
      invalid,
    ],
    [
      'that mounts a volume it does not have',
      { container: { volumeMounts: [{ name: 'v', mountPath: '/v' }] } },
      `${first}.volumeMounts[0].name`,
      'FieldValueNotFound',
    ],
    [
      'that mounts a volume nowhere',
      { podSpec: { volumes: [{ name: 'v' }] }, container: { volumeMounts: [{ name: 'v' }] } },
      `${first}.volumeMounts[0].mountPath`,
      missing,
    ],
    [
      'that mounts two volumes in one place',
      {
        podSpec: { volumes: [{ name: 'v' }] },
        container: {
          volumeMounts: [
            { name: 'v', mountPath: '/v' },
            { name: 'v', mountPath: '/v' },
          ],
        },
      },
      `${first}.volumeMounts[1].mountPath`,
      invalid,
    ],
    [
      'that mounts from above its volume',
      {
        podSpec: { volumes: [{ name: 'v' }] },
        container: { volumeMounts: [{ name: 'v', mountPath: '/v', subPath: '../x' }] },
      },
      `${first}.volumeMounts[0].subPath`,
      invalid,
    ],
    ['with a nameless volume', { podSpec: { volumes: [{ emptyDir: {} }] } }, `${pod}.volumes[0].name`, missing],
    [
      'with the same volume twice',
      { podSpec: { volumes: [{ name: 'v' }, { name: 'v' }] } },
      `${pod}.volumes[1].name`,
      'FieldValueDuplicate',
    ],
    [
      'with a volume of two sources',
      { podSpec: { volumes: [{ name: 'v', emptyDir: {}, hostPath: {} }] } },
      `${pod}.volumes[0].hostPath`,
      'FieldValueForbidden',
    ],
  ]

  it.each(refused)('%s', (_, parts, path, type) => {
    expect(validateJob(makeJob(parts))).toEqual([expect.objectContaining({ path, type })])
  })

  it('with a failure policy and restarts', () => {
    const policy = {
      podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] },
    }
    const errors = validateJob(makeJob({ spec: policy, podSpec: { restartPolicy: 'OnFailure' } }))
    expect(errors).toMatchObject([{ path: `${pod}.restartPolicy`, type: invalid }])
  })

  it('for all its faults at once', () => {
    const errors = validateJob(
      makeJob({ metadata: { name: 'A' }, spec: { backoffLimit: -1 }, container: { image: '' } }),
    )
    expect(errors.map(({ path }) => path)).toEqual(['metadata.name', 'spec.backoffLimit', `${first}.image`])
  })
})

it('says something, and throws nothing, whatever it is given', () => {
  assert(
    property(jsonValue(), (value) => {
      const errors = validateJob(makeJob({ spec: value as Fields, podSpec: value as Fields }))
      expect(Array.isArray(errors)).toBe(true)
      expect(validateJob(value)).not.toEqual([])
    }),
  )
})
