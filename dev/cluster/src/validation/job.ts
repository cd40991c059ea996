import { type Fields, fieldsOf, isPresent, itemsOf, textOf } from '../store/json.ts'
import { type FieldError, invalidValue, notSupported, required } from './field-error.ts'
import { validateMetadata } from './metadata.ts'
import { nonNegative, validatePodTemplate } from './pod.ts'
import { validate } from './schema.ts'

/**
 * What the API server would refuse in a Job that is to be created, before or after its defaults are filled in. The rules
 * are those of kubernetes/pkg/apis/batch/validation/validation.go, on top of the schema.
 */
export function validateJob(object: unknown): FieldError[] {
  return validate('jobs', object, (job) => {
    const [metadata, spec] = [fieldsOf(job.metadata), fieldsOf(job.spec)]
    const template = fieldsOf(spec.template)
    return [
      ...validateMetadata(metadata),
      ...validateNameFitsLabel(metadata, spec),
      ...validateSelector(metadata, spec),
      ...nonNegative(spec, 'spec', COUNTS),
      ...validateCompletionMode(spec),
      ...validateFailurePolicy(spec),
      ...validatePodTemplate(template, 'spec.template'),
      ...validateRestartPolicy(fieldsOf(template.spec), isPresent(spec.podFailurePolicy)),
    ]
  })
}

/** ValidateJobSpecUpdate. */
export const immutableJobFields = [
  'completions',
  'selector',
  'template',
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const

const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
]

/** A Job's name may be a DNS subdomain, but it becomes a label value of its pods. */
function validateNameFitsLabel(metadata: Fields, spec: Fields): FieldError[] {
  const name = textOf(metadata.name)
  if (spec.manualSelector === true || name.length <= 63) return []
  return [invalidValue('spec.template.labels', name, 'must be no more than 63 bytes')]
}

/** validateGeneratedSelector: unless it is manual, a selector may contain only what the server adds. */
function validateSelector(metadata: Fields, { selector, manualSelector }: Fields): FieldError[] {
  if (!isPresent(selector)) return manualSelector === true ? [required('spec.selector')] : []
  const { matchLabels, matchExpressions } = fieldsOf(selector)
  const { uid, name } = metadata
  const generated: Fields = { 'controller-uid': uid, 'job-name': name }
  const foreign = Object.entries(fieldsOf(matchLabels)).some(
    ([key, value]) => generated[key.replace('batch.kubernetes.io/', '')] !== value,
  )
  if (manualSelector === true || (!foreign && !isPresent(matchExpressions))) return []
  return [invalidValue('spec.selector', selector, '`selector` not auto-generated')]
}

function validateCompletionMode(spec: Fields): FieldError[] {
  if (spec.completionMode === 'Indexed') {
    return isPresent(spec.completions) ? [] : [required('spec.completions', 'when completion mode is Indexed')]
  }
  return ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy']
    .filter((field) => isPresent(spec[field]))
    .map((field) => invalidValue(`spec.${field}`, spec[field], 'requires indexed completion mode'))
}

function validateFailurePolicy({ podFailurePolicy, podReplacementPolicy: replacement }: Fields): FieldError[] {
  const errors = itemsOf(fieldsOf(podFailurePolicy).rules).flatMap((item, index) => {
    const { onExitCodes, onPodConditions } = fieldsOf(item)
    if (isPresent(onExitCodes) !== itemsOf(onPodConditions).length > 0) return []
    const detail = 'exactly one of onExitCodes and onPodConditions is required'
    return [invalidValue(`spec.podFailurePolicy.rules[${index}]`, null, detail)]
  })
  if (!isPresent(podFailurePolicy) || !isPresent(replacement) || replacement === 'Failed') return errors
  return [...errors, notSupported('spec.podReplacementPolicy', replacement, ['Failed'])]
}

function validateRestartPolicy({ restartPolicy }: Fields, hasFailurePolicy: boolean): FieldError[] {
  const path = 'spec.template.spec.restartPolicy'
  // An absent policy defaults to Always, so the two are answered alike.
  if (!isPresent(restartPolicy) || restartPolicy === 'Always') {
    return [required(path, 'valid values: "OnFailure", "Never"')]
  }
  if (!hasFailurePolicy || restartPolicy === 'Never') return []
  return [invalidValue(path, restartPolicy, 'only "Never" is supported when podFailurePolicy is specified')]
}
