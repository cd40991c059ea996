import { assert, jsonValue, property } from 'fast-check'
import { expect, test } from 'vitest'
import { validateJob } from './job.ts'

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

const variable = (valueFrom: object, value?: string) => ({ env: [{ name: 'A', value, valueFrom }] })
const field = { fieldRef: { fieldPath: 'metadata.name' } }
const policy = (rule: object) => ({ podFailurePolicy: { rules: [rule] } })

const valid: [string, Parts][] = [
  ['nothing special', {}],
  ['a generated name', { metadata: { name: undefined, generateName: 'job-' } }],
  ['a name of 63 characters', { metadata: { name: 'a'.repeat(63) } }],
  ['labels and annotations', { metadata: { labels: { 'a.b/c': 'D_e.f', e: '' }, annotations: { 'A.b/c': 'any\n' } } }],
  ['nulls', { metadata: { labels: null }, spec: { backoffLimit: null }, podSpec: { volumes: null } }],
  ['OnFailure', { podSpec: { restartPolicy: 'OnFailure' } }],
  ['odd variable names', { container: { env: [{ name: '1 a.b-c!', value: '' }, { name: '~' }, { name: '~' }] } }],
  ['a variable from a field', { container: variable(field) }],
  ['resources', { container: { resources: { limits: { cpu: 1, memory: '1.5Gi' }, requests: { cpu: '100m' } } } }],
  ['init containers', { podSpec: { initContainers: [{ name: 'init', image: 'busybox' }] } }],
  ['completion indexes', { spec: { completionMode: 'Indexed', completions: 3, backoffLimitPerIndex: 1 } }],
  ['a failure policy', { spec: policy({ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }) }],
  ['zeros', { spec: { backoffLimit: 0, ttlSecondsAfterFinished: 0, parallelism: 0 } }],
  ['unknown fields', { spec: { unknown: 1 } }],
]

test.each(valid)('a Job with %s is valid', (_, parts) => {
  expect(validateJob(makeJob(parts))).toEqual([])
})

const pod = 'spec.template.spec'
const main = `${pod}.containers[0]`

const invalid: [what: string, parts: Parts, path: string, type: string][] = [
  ['an empty name', { metadata: { name: '' } }, 'metadata.name', 'Required'],
  ['capitals in its name', { metadata: { name: 'Job' } }, 'metadata.name', 'Invalid'],
  ['a name of 64 characters', { metadata: { name: 'a'.repeat(64) } }, 'spec.template.labels', 'Invalid'],
  [
    'an invalid generateName',
    { metadata: { name: undefined, generateName: 'A-' } },
    'metadata.generateName',
    'Invalid',
  ],
  ['an invalid label key', { metadata: { labels: { 'a b': '' } } }, 'metadata.labels', 'Invalid'],
  ['a long label value', { metadata: { labels: { a: 'a'.repeat(64) } } }, 'metadata.labels', 'Invalid'],
  ['a space in a label value', { metadata: { labels: { a: 'a b' } } }, 'metadata.labels', 'Invalid'],
  ['a number as a label value', { metadata: { labels: { a: 1 } } }, 'metadata.labels[a]', 'TypeInvalid'],
  ['an invalid annotation key', { metadata: { annotations: { 'a b': '' } } }, 'metadata.annotations', 'Invalid'],
  ['long annotations', { metadata: { annotations: { a: 'x'.repeat(256 * 1024) } } }, 'metadata.annotations', 'TooLong'],
  ['an invalid pod label', { template: { metadata: { labels: { a: '!' } } } }, 'spec.template.labels', 'Invalid'],
  ['a negative backoffLimit', { spec: { backoffLimit: -1 } }, 'spec.backoffLimit', 'Invalid'],
  ['a quoted backoffLimit', { spec: { backoffLimit: '3' } }, 'spec.backoffLimit', 'TypeInvalid'],
  ['a backoffLimit beyond 32 bits', { spec: { backoffLimit: 2 ** 31 } }, 'spec.backoffLimit', 'TypeInvalid'],
  ['an unknown completionMode', { spec: { completionMode: 'Other' } }, 'spec.completionMode', 'NotSupported'],
  ['indexes without completions', { spec: { completionMode: 'Indexed' } }, 'spec.completions', 'Required'],
  ['a selector of its own', { spec: { selector: { matchLabels: { a: 'b' } } } }, 'spec.selector', 'Invalid'],
  [
    'a failure rule without a cause',
    { spec: policy({ action: 'Count' }) },
    'spec.podFailurePolicy.rules[0]',
    'Invalid',
  ],
  ['no restart policy', { podSpec: { restartPolicy: undefined } }, `${pod}.restartPolicy`, 'Required'],
  ['Always', { podSpec: { restartPolicy: 'Always' } }, `${pod}.restartPolicy`, 'Required'],
  ['no containers', { podSpec: { containers: [] } }, `${pod}.containers`, 'Required'],
  ['a map of containers', { podSpec: { containers: {} } }, `${pod}.containers`, 'TypeInvalid'],
  ['an empty container name', { container: { name: '' } }, `${main}.name`, 'Required'],
  ['a dot in a container name', { container: { name: 'a.b' } }, `${main}.name`, 'Invalid'],
  [
    'the same container twice',
    { podSpec: { initContainers: [{ name: 'main', image: 'x' }] } },
    `${pod}.initContainers[0].name`,
    'Duplicate',
  ],
  ['no image', { container: { image: undefined } }, `${main}.image`, 'Required'],
  ['a space after its image', { container: { image: 'busybox ' } }, `${main}.image`, 'Invalid'],
  ['a command in one string', { container: { command: 'sleep 1' } }, `${main}.command`, 'TypeInvalid'],
  ['a number as an argument', { container: { args: ['sleep', 1] } }, `${main}.args[1]`, 'TypeInvalid'],
  [
    'a missing volume',
    { container: { volumeMounts: [{ name: 'v', mountPath: '/v' }] } },
    `${main}.volumeMounts[0].name`,
    'NotFound',
  ],
  [
    'a request above its limit',
    { container: { resources: { limits: { cpu: '1' }, requests: { cpu: '1100m' } } } },
    `${main}.resources.requests`,
    'Invalid',
  ],
  ['a nameless variable', { container: { env: [{ value: '1' }] } }, `${main}.env[0].name`, 'Required'],
  ['= in a variable name', { container: { env: [{ name: 'A=B' }] } }, `${main}.env[0].name`, 'Invalid'],
  ['a value and a source', { container: variable(field, '1') }, `${main}.env[0].valueFrom`, 'Invalid'],
  ['an empty source', { container: variable({}) }, `${main}.env[0].valueFrom`, 'Invalid'],
  [
    'a quantity that is none',
    { container: { resources: { limits: { cpu: 'lots' } } } },
    `${main}.resources.limits[cpu]`,
    'TypeInvalid',
  ],
]

test.each(invalid)('a Job with %s is invalid', (_, parts, path, type) => {
  const errors = validateJob(makeJob(parts)).filter((error) => error.path.startsWith(path))
  expect(errors).toEqual([expect.objectContaining({ path, type: `FieldValue${type}` })])
})

test('a failure policy allows no restarts in place', () => {
  const spec = policy({ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] })
  const errors = validateJob(makeJob({ spec, podSpec: { restartPolicy: 'OnFailure' } }))
  expect(errors).toMatchObject([{ path: `${pod}.restartPolicy`, type: 'FieldValueInvalid' }])
})

test('a Job gets all of its errors at once', () => {
  const job = makeJob({ metadata: { name: 'A' }, spec: { backoffLimit: -1 }, container: { image: '' } })
  expect(validateJob(job).map(({ path }) => path)).toEqual(['metadata.name', 'spec.backoffLimit', `${main}.image`])
})

test('validation throws for no JSON value', () => {
  assert(
    property(jsonValue(), (value) => {
      expect(Array.isArray(validateJob(makeJob({ spec: value as object, podSpec: value as object })))).toBe(true)
      expect(validateJob(value)).not.toEqual([])
    }),
  )
})
