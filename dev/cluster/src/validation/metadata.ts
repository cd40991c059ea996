import { type FieldError, invalidValue, required, tooLong } from './field-error.ts'
import { asPrefix, dnsSubdomain, labelValue, type NameRule, qualifiedName } from './names.ts'
import { type Fields, fieldsOf, itemsOf, textOf } from './value.ts'

const ANNOTATIONS_LIMIT = 256 * 1024

/**
 * Checks an object's metadata by k8s.io/apimachinery/pkg/api/validation/objectmeta.go. A name that is still to be
 * generated may be missing.
 */
export function validateMetadata(metadata: Fields, nameRule: NameRule = dnsSubdomain): FieldError[] {
  return [
    ...validateName(metadata, nameRule),
    ...validateLabels(metadata.labels, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations, 'metadata.annotations'),
    ...validateOwners(metadata.ownerReferences, 'metadata.ownerReferences'),
  ]
}

export function validateLabels(labels: unknown, path: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(fieldsOf(labels))) {
    const wrongKey = qualifiedName(key)
    if (wrongKey) errors.push(invalidValue(path, key, wrongKey))
    const wrongValue = labelValue(textOf(value))
    if (wrongValue) errors.push(invalidValue(path, value, wrongValue))
  }
  return errors
}

export function validateAnnotations(annotations: unknown, path: string): FieldError[] {
  const errors: FieldError[] = []
  let size = 0
  for (const [key, value] of Object.entries(fieldsOf(annotations))) {
    // Annotation keys may be in upper case even in their prefix.
    const wrongKey = qualifiedName(key.toLowerCase())
    if (wrongKey) errors.push(invalidValue(path, key, wrongKey))
    size += Buffer.byteLength(key) + Buffer.byteLength(textOf(value))
  }
  if (size > ANNOTATIONS_LIMIT) errors.push(tooLong(path, ANNOTATIONS_LIMIT))
  return errors
}

function validateName(metadata: Fields, nameRule: NameRule): FieldError[] {
  const errors: FieldError[] = []
  const name = textOf(metadata.name)
  const generateName = textOf(metadata.generateName)
  const wrongPrefix = generateName && asPrefix(nameRule)(generateName)
  if (wrongPrefix) errors.push(invalidValue('metadata.generateName', generateName, wrongPrefix))
  const wrongName = name && nameRule(name)
  if (wrongName) errors.push(invalidValue('metadata.name', name, wrongName))
  if (!name && !generateName) errors.push(required('metadata.name', 'name or generateName is required'))
  return errors
}

function validateOwners(owners: unknown, path: string): FieldError[] {
  return itemsOf(owners).flatMap((owner, index) =>
    ['apiVersion', 'kind', 'name', 'uid']
      .filter((field) => !textOf(fieldsOf(owner)[field]))
      .map((field) => invalidValue(`${path}[${index}].${field}`, '', 'must not be empty')),
  )
}
