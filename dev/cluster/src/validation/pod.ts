import { type Fields, fieldsOf, isPresent, itemsOf, textOf } from '../store/json.ts'
import { duplicate, type FieldError, invalidValue, required } from './field-error.ts'
import { dnsLabel, dnsSubdomain, validateAnnotations, validateLabels, validateMetadata } from './metadata.ts'
import { validate } from './schema.ts'

/*
 * ValidatePodSpec and what it calls in kubernetes/pkg/apis/core/validation/validation.go, on top of the schema and for what
 * the author of a Job commonly gets wrong.
 */

export function validatePod(object: unknown): FieldError[] {
  return validate('pods', object, ({ metadata, spec }) => [
    ...validateMetadata(fieldsOf(metadata)),
    ...validatePodSpec(fieldsOf(spec), 'spec'),
  ])
}

export function validatePodTemplate(template: Fields, path: string): FieldError[] {
  const metadata = fieldsOf(template.metadata)
  return [
    ...validateLabels(metadata.labels, `${path}.labels`),
    ...validateAnnotations(metadata.annotations, `${path}.annotations`),
    ...(isPresent(template.spec)
      ? validatePodSpec(fieldsOf(template.spec), `${path}.spec`)
      : [required(`${path}.spec`)]),
  ]
}

export function nonNegative(owner: Fields, path: string, names: readonly string[]): FieldError[] {
  return names
    .filter((name) => Number(owner[name]) < 0)
    .map((name) => invalidValue(`${path}.${name}`, owner[name], 'must be greater than or equal to 0'))
}

function validatePodSpec(spec: Fields, path: string): FieldError[] {
  const { containers, serviceAccountName } = spec
  // Names are unique over both lists.
  const names = new Set<string>()
  const check = (list: 'containers' | 'initContainers') =>
    itemsOf(spec[list]).flatMap((item, index) => validateContainer(fieldsOf(item), `${path}.${list}[${index}]`, names))
  const wrongAccount = textOf(serviceAccountName) && dnsSubdomain(textOf(serviceAccountName))
  return [
    ...(Array.isArray(containers) && containers.length === 0 ? [required(`${path}.containers`)] : []),
    ...check('containers'),
    ...check('initContainers'),
    ...nonNegative(spec, path, ['terminationGracePeriodSeconds']),
    ...(wrongAccount ? [invalidValue(`${path}.serviceAccountName`, serviceAccountName, wrongAccount)] : []),
  ]
}

function validateContainer({ name, image, env }: Fields, path: string, taken: Set<string>): FieldError[] {
  const errors: FieldError[] = []
  const wrongName = textOf(name) && dnsLabel(textOf(name))
  if (name === '') errors.push(required(`${path}.name`))
  else if (wrongName) errors.push(invalidValue(`${path}.name`, name, wrongName))
  else if (taken.has(textOf(name))) errors.push(duplicate(`${path}.name`, textOf(name)))
  taken.add(textOf(name))
  const imageText = textOf(image)
  if (!imageText) errors.push(required(`${path}.image`))
  else if (imageText !== imageText.trim()) {
    errors.push(invalidValue(`${path}.image`, image, 'must not have leading or trailing whitespace'))
  }
  return [
    ...errors,
    ...itemsOf(env).flatMap((item, index) => validateVariable(fieldsOf(item), `${path}.env[${index}]`)),
  ]
}

/** A name may come twice: the later one wins. */
function validateVariable({ name, value, valueFrom }: Fields, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (name === '') errors.push(required(`${path}.name`))
  // The relaxed rule since Kubernetes 1.34; see KEP-4369.
  else if (isPresent(name) && !/^[ -<>-~]+$/.test(textOf(name))) {
    errors.push(invalidValue(`${path}.name`, name, "must be printable ASCII other than '='"))
  }
  if (!isPresent(valueFrom)) return errors
  const sources = Object.values(fieldsOf(valueFrom)).filter(isPresent)
  if (sources.length !== 1) {
    errors.push(invalidValue(`${path}.valueFrom`, '', 'must specify exactly one source'))
  } else if (textOf(value) !== '') {
    errors.push(invalidValue(`${path}.valueFrom`, '', 'may not be specified when `value` is not empty'))
  }
  return errors
}
