import { type Fields, fieldsOf, textOf } from '../store/json.ts'
import { type FieldError, invalidValue, required, tooLong } from './field-error.ts'

/** What is wrong with a name, or undefined. The rules are k8s.io/apimachinery/pkg/util/validation/validation.go. */
export type NameRule = (name: string) => string | undefined

function rule(maxLength: number, pattern: RegExp, message: string): NameRule {
  return (name) => {
    if (Buffer.byteLength(name) > maxLength) return `must be no more than ${maxLength} bytes`
    return pattern.test(name) ? undefined : message
  }
}

export const dnsLabel: NameRule = rule(
  63,
  /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/,
  "must be an RFC 1123 label: lowercase letters, digits and '-', with a letter or digit at both ends",
)

export const dnsSubdomain: NameRule = rule(
  253,
  /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/,
  "must be an RFC 1123 subdomain: RFC 1123 labels of lowercase letters, digits and '-', separated by '.'",
)

const labelPattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/
const labelText = rule(
  63,
  labelPattern,
  "must be letters, digits, '-', '_' and '.', with a letter or digit at both ends",
)

/** The key of a label or annotation: a name with an optional DNS subdomain as its prefix. */
const qualifiedName: NameRule = (name) => {
  const parts = name.split('/')
  if (parts.length > 2) return "must be a name with at most one prefix before a '/'"
  const [prefix, part] = parts.length === 2 ? parts : [undefined, name]
  if (prefix === '') return 'prefix part must be non-empty'
  const wrongPrefix = prefix === undefined ? undefined : dnsSubdomain(prefix)
  return wrongPrefix ? `prefix part ${wrongPrefix}` : labelText(part ?? '')
}

const ANNOTATIONS_LIMIT = 256 * 1024

/** k8s.io/apimachinery/pkg/api/validation/objectmeta.go. The name may be missing if it is to be generated. */
export function validateMetadata(metadata: Fields, nameRule: NameRule = dnsSubdomain): FieldError[] {
  const errors: FieldError[] = []
  const [name, generateName] = [textOf(metadata.name), textOf(metadata.generateName)]
  // A prefix may end in a dash, because random characters follow.
  const wrongPrefix = generateName && nameRule(generateName.replace(/-$/, 'a'))
  if (wrongPrefix) errors.push(invalidValue('metadata.generateName', generateName, wrongPrefix))
  const wrongName = name && nameRule(name)
  if (wrongName) errors.push(invalidValue('metadata.name', name, wrongName))
  if (!name && !generateName) errors.push(required('metadata.name', 'name or generateName is required'))
  return [
    ...errors,
    ...validateLabels(metadata.labels, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations, 'metadata.annotations'),
  ]
}

export function validateLabels(labels: unknown, path: string): FieldError[] {
  return Object.entries(fieldsOf(labels)).flatMap(([key, value]) => {
    const wrongKey = qualifiedName(key)
    const wrongValue = value === '' ? undefined : labelText(textOf(value))
    return [
      ...(wrongKey ? [invalidValue(path, key, wrongKey)] : []),
      ...(wrongValue ? [invalidValue(path, value, wrongValue)] : []),
    ]
  })
}

export function validateAnnotations(annotations: unknown, path: string): FieldError[] {
  const entries = Object.entries(fieldsOf(annotations))
  const errors = entries.flatMap(([key]) => {
    // Unlike a label's, an annotation's prefix may have uppercase letters.
    const wrong = qualifiedName(key.toLowerCase())
    return wrong ? [invalidValue(path, key, wrong)] : []
  })
  const size = entries.flat().reduce((sum: number, text) => sum + Buffer.byteLength(textOf(text)), 0)
  return size > ANNOTATIONS_LIMIT ? [...errors, tooLong(path, ANNOTATIONS_LIMIT)] : errors
}
