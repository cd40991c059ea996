import { isDeepStrictEqual } from 'node:util'
import { jobLabels } from '../objects/job.ts'
import { type Fields, fieldsOf } from '../store/json.ts'
import type { KubeObject, ResourceName } from '../store/types.ts'
import { validateConfigMap } from '../validation/config-map.ts'
import { type FieldError, invalidValue } from '../validation/field-error.ts'
import { immutableJobFields, validateJob } from '../validation/job.ts'
import { dnsLabel, validateMetadata } from '../validation/metadata.ts'
import { validatePod } from '../validation/pod.ts'
import { validate } from '../validation/schema.ts'

/** What is specific to a kind when it is written; the API server calls this a strategy. */
export interface Kind {
  /** A client cannot write the status. */
  hasStatus: boolean
  /** Fills in what a client left out. */
  setDefaults?: (draft: KubeObject) => void
  /** Sets what only the server decides. The draft has its uid and name. */
  prepareForCreate?: (draft: KubeObject) => void
  validate: (object: KubeObject) => FieldError[]
  validateUpdate?: (next: KubeObject, before: KubeObject) => FieldError[]
}

export const kinds: Record<ResourceName, Kind> = {
  namespaces: {
    hasStatus: true,
    prepareForCreate(draft) {
      draft.metadata.labels = { ...draft.metadata.labels, 'kubernetes.io/metadata.name': draft.metadata.name }
      draft['spec'] = { finalizers: ['kubernetes'] }
      draft['status'] = { phase: 'Active' }
    },
    validate: (object) =>
      validate('namespaces', object, ({ metadata }) => validateMetadata(fieldsOf(metadata), dnsLabel)),
  },
  configmaps: { hasStatus: false, validate: validateConfigMap },
  events: {
    hasStatus: false,
    validate: (object) => validate('events', object, ({ metadata }) => validateMetadata(fieldsOf(metadata))),
  },
  jobs: {
    hasStatus: true,
    setDefaults: setJobDefaults,
    prepareForCreate(draft) {
      draft.metadata.generation = 1
      draft['status'] = {}
      if (fieldsOf(draft['spec']).manualSelector !== true) generateSelector(draft)
    },
    validate: validateJob,
    validateUpdate(next, before) {
      const [spec, old] = [fieldsOf(next['spec']), fieldsOf(before['spec'])]
      return immutableJobFields
        .filter((field) => !isDeepStrictEqual(spec[field], old[field]))
        .map((field) => invalidValue(`spec.${field}`, spec[field], 'field is immutable'))
    },
  },
  pods: {
    hasStatus: true,
    setDefaults: (draft) => setPodSpecDefaults((draft['spec'] ??= {}) as Fields),
    prepareForCreate: (draft) => void (draft['status'] = { phase: 'Pending' }),
    validate: validatePod,
  },
}

/** SetDefaults_Job in kubernetes/pkg/apis/batch/v1/defaults.go. */
function setJobDefaults(draft: KubeObject): void {
  const spec = (draft['spec'] ??= {}) as Fields
  const template = (spec.template ??= {}) as Fields
  // Only if both are absent: a Job with parallelism alone is a work queue without completions.
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  setPodSpecDefaults((template.spec ??= {}) as Fields)
}

/** generateSelector in kubernetes/pkg/registry/batch/job/strategy.go: the uid separates the pods of two Jobs. */
function generateSelector({ metadata, ...draft }: KubeObject): void {
  const spec = fieldsOf(draft['spec'])
  const template = (fieldsOf(spec.template).metadata ??= {}) as Fields
  template.labels = { ...fieldsOf(template.labels), ...jobLabels(metadata) }
  const { matchLabels, ...selector } = fieldsOf(spec.selector)
  const own = { 'batch.kubernetes.io/controller-uid': metadata.uid }
  spec.selector = { ...selector, matchLabels: { ...fieldsOf(matchLabels), ...own } }
}

/** SetDefaults_PodSpec in kubernetes/pkg/apis/core/v1/defaults.go. */
function setPodSpecDefaults(spec: Fields): void {
  spec.dnsPolicy ??= 'ClusterFirst'
  spec.restartPolicy ??= 'Always'
  spec.schedulerName ??= 'default-scheduler'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= 30
}
