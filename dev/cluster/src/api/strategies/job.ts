import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../store/types.ts'
import { type FieldError, invalidValue } from '../../validation/field-error.ts'
import { immutableJobFields, validateDecodedJob } from '../../validation/job.ts'
import { job as shape } from '../../validation/shapes.ts'
import { type Fields, fieldsOf } from '../../validation/value.ts'
import { setPodSpecDefaults } from './pod-defaults.ts'
import type { Strategy } from './strategy.ts'

export const jobStrategy: Strategy = {
  shape,
  hasStatus: true,
  setDefaults(draft) {
    const spec = (draft.spec ??= {}) as Fields
    const template = (spec.template ??= {}) as Fields
    setJobDefaults(spec)
    setPodSpecDefaults((template.spec ??= {}) as Fields)
  },
  prepareForCreate(draft) {
    draft.metadata.generation = 1
    draft.status = {}
    const spec = fieldsOf(draft.spec)
    if (spec.manualSelector !== true) generateSelector(draft, spec)
  },
  validate: validateDecodedJob,
  validateUpdate(next, before) {
    return immutableJobFields.flatMap((field) => immutable(fieldsOf(next.spec), fieldsOf(before.spec), field))
  },
}

/** SetDefaults_Job in kubernetes/pkg/apis/batch/v1/defaults.go. */
function setJobDefaults(spec: Fields): void {
  // Only when both are absent: a Job with parallelism alone is a work queue, whose completions stay open.
  if (spec.completions === undefined && spec.parallelism === undefined) {
    spec.completions = 1
    spec.parallelism = 1
  }
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed'
}

/** generateSelector in kubernetes/pkg/registry/batch/job/strategy.go: the uid keeps the pods of two Jobs apart. */
function generateSelector(draft: KubeObject, spec: Fields): void {
  const { uid, name } = draft.metadata
  const metadata = (fieldsOf(spec.template).metadata ??= {}) as Fields
  metadata.labels = {
    ...fieldsOf(metadata.labels),
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  }
  const { matchLabels, ...selector } = fieldsOf(spec.selector)
  spec.selector = { ...selector, matchLabels: { ...fieldsOf(matchLabels), 'batch.kubernetes.io/controller-uid': uid } }
}

function immutable(next: Fields, before: Fields, field: string): FieldError[] {
  if (isDeepStrictEqual(next[field], before[field])) return []
  return [invalidValue(`spec.${field}`, next[field], 'field is immutable')]
}
