import { type Fields, fieldsOf, isPresent, itemsOf, textOf } from '../store/json.ts'
import { duplicate, type FieldError, invalidValue, notFoundValue, required } from './field-error.ts'
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
    ...validatePodSpec(fieldsOf(template.spec), `${path}.spec`),
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
  const volumes = itemsOf(spec.volumes).map((volume) => fieldsOf(volume).name)
  const check = (list: 'containers' | 'initContainers') =>
    itemsOf(spec[list]).flatMap((item, index) => {
      const [container, at] = [fieldsOf(item), `${path}.${list}[${index}]`]
      return [
        ...validateContainer(container, at, names),
        ...validateMounts(container.volumeMounts, `${at}.volumeMounts`, volumes),
        ...validateResources(fieldsOf(container.resources), `${at}.resources`),
      ]
    })
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

function validateMounts(mounts: unknown, path: string, volumes: readonly unknown[]): FieldError[] {
  return itemsOf(mounts).flatMap((mount, index) => {
    const { name } = fieldsOf(mount)
    return volumes.includes(name) ? [] : [notFoundValue(`${path}[${index}].name`, name)]
  })
}

function validateResources({ limits, requests }: Fields, path: string): FieldError[] {
  return Object.entries(fieldsOf(requests)).flatMap(([name, value]) => {
    const limit = fieldsOf(limits)[name]
    if (!isPresent(limit) || quantity(value) <= quantity(limit)) return []
    return [invalidValue(`${path}.requests`, value, `must be less than or equal to ${name} limit`)]
  })
}

/** `100m`, `1.5Gi` or `1e3` as a number. The schema has checked the form. */
function quantity(value: unknown): number {
  const [, digits, prefix = '', binary] = /^(.*?)([numkKMGTPE]?)(i?)$/.exec(String(value)) ?? []
  const power = { n: -3, u: -2, m: -1, k: 1, K: 1, M: 2, G: 3, T: 4, P: 5, E: 6 }[prefix] ?? 0
  return Number(digits) * (binary ? 1024 : 1000) ** power
}
