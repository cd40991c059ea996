import { type FieldError, invalidValue, notSupported, required } from './field-error.ts'
import { validateMetadata } from './metadata.ts'
import { dnsSubdomain } from './names.ts'
import { validatePodTemplate } from './pod-template.ts'
import { nonNegative } from './rules.ts'
import { checkShape } from './shape.ts'
import { job as jobShape } from './shapes.ts'
import { type Fields, fieldsOf, isPresent, itemsOf, textOf } from './value.ts'

/**
 * Says what the API server would refuse in a Job that is to be created, before or after its defaults are filled in.
 * The rules are those of kubernetes/pkg/apis/batch/validation/validation.go, on top of the types of the OpenAPI document.
 */
export function validateJob(object: unknown): FieldError[] {
  // Fields of a wrong type cannot be decoded at all: no other rule is looked at then.
  const { wrong } = checkShape(jobShape, object)
  return wrong.length > 0 ? wrong : validateDecodedJob(object)
}

/** The same for a Job whose fields are known to have the right types. */
export function validateDecodedJob(object: unknown): FieldError[] {
  const { metadata, spec } = fieldsOf(object)
  return [
    ...validateMetadata(fieldsOf(metadata), dnsSubdomain),
    ...validateNameFitsLabel(fieldsOf(metadata), fieldsOf(spec)),
    ...validateSelector(fieldsOf(metadata), fieldsOf(spec)),
    ...validateJobSpec(fieldsOf(spec)),
  ]
}

/** What may not change once a Job exists, as ValidateJobSpecUpdate has it. */
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

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
]

/** A Job's name may be a whole DNS subdomain, but it becomes the value of a label of its pods. */
function validateNameFitsLabel(metadata: Fields, spec: Fields): FieldError[] {
  const name = textOf(metadata.name)
  if (spec.manualSelector === true || name.length <= 63) return []
  return [invalidValue('spec.template.labels', name, 'must be no more than 63 bytes')]
}

/** validateGeneratedSelector: unless it is manual, a selector may say no more than what the server puts into it. */
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

function validateJobSpec(spec: Fields): FieldError[] {
  const template = fieldsOf(spec.template)
  return [
    ...nonNegative(spec, 'spec', counts),
    ...validateCompletionMode(spec),
    ...validateFailurePolicy(spec),
    ...validateReplacementPolicy(spec),
    ...validatePodTemplate(template, 'spec.template'),
    ...validateRestartPolicy(fieldsOf(template.spec), isPresent(spec.podFailurePolicy)),
  ]
}

function validateCompletionMode(spec: Fields): FieldError[] {
  const mode = spec.completionMode ?? 'NonIndexed'
  if (mode === 'Indexed') {
    return isPresent(spec.completions) ? [] : [required('spec.completions', 'when completion mode is Indexed')]
  }
  if (mode !== 'NonIndexed') return [notSupported('spec.completionMode', mode, ['NonIndexed', 'Indexed'])]
  return ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy']
    .filter((field) => isPresent(spec[field]))
    .map((field) => invalidValue(`spec.${field}`, spec[field], 'requires indexed completion mode'))
}

function validateFailurePolicy(spec: Fields): FieldError[] {
  const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']
  return itemsOf(fieldsOf(spec.podFailurePolicy).rules).flatMap((item, index) => {
    const path = `spec.podFailurePolicy.rules[${index}]`
    const { action, onExitCodes, onPodConditions } = fieldsOf(item)
    const errors: FieldError[] = []
    if (!textOf(action)) errors.push(required(`${path}.action`))
    else if (!actions.includes(textOf(action))) errors.push(notSupported(`${path}.action`, action, actions))
    if (isPresent(onExitCodes) === itemsOf(onPodConditions).length > 0) {
      errors.push(invalidValue(path, null, 'exactly one of onExitCodes and onPodConditions is required'))
    }
    return errors
  })
}

function validateReplacementPolicy(spec: Fields): FieldError[] {
  const policy = spec.podReplacementPolicy
  const supported = isPresent(spec.podFailurePolicy) ? ['Failed'] : ['Failed', 'TerminatingOrFailed']
  if (!isPresent(policy) || supported.includes(textOf(policy))) return []
  return [notSupported('spec.podReplacementPolicy', policy, supported)]
}

function validateRestartPolicy(podSpec: Fields, hasFailurePolicy: boolean): FieldError[] {
  const path = 'spec.template.spec.restartPolicy'
  const policy = textOf(podSpec.restartPolicy)
  // Always is what an absent policy defaults to, so the two are answered alike.
  if (policy === '' || policy === 'Always') return [required(path, 'valid values: "OnFailure", "Never"')]
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(path, policy, ['OnFailure', 'Never'])]
  if (!hasFailurePolicy || policy === 'Never') return []
  return [invalidValue(path, policy, 'only "Never" is supported when podFailurePolicy is specified')]
}
