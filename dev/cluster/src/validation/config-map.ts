import { type FieldError, invalidValue, tooLong } from './field-error.ts'
import { validateMetadata } from './metadata.ts'
import { configMapKey } from './names.ts'
import { fieldsOf, isPresent, textOf } from './value.ts'

const SIZE_LIMIT = 1024 * 1024

/** Checks a ConfigMap by ValidateConfigMap in kubernetes/pkg/apis/core/validation/validation.go. */
export function validateConfigMap(object: unknown): FieldError[] {
  const { metadata, data, binaryData } = fieldsOf(object)
  const texts = Object.entries(fieldsOf(data))
  const binaries = Object.entries(fieldsOf(binaryData))
  const errors = validateMetadata(fieldsOf(metadata))
  for (const [key] of texts) errors.push(...validateKey(`data[${key}]`, key))
  for (const [key] of binaries) {
    errors.push(...validateKey(`binaryData[${key}]`, key))
    if (isPresent(fieldsOf(data)[key]))
      errors.push(invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'))
  }
  const size =
    texts.reduce((sum, [, value]) => sum + Buffer.byteLength(textOf(value)), 0) +
    binaries.reduce((sum, [, value]) => sum + Buffer.byteLength(textOf(value), 'base64'), 0)
  if (size > SIZE_LIMIT) errors.push(tooLong('', SIZE_LIMIT))
  return errors
}

function validateKey(path: string, key: string): FieldError[] {
  const wrong = configMapKey(key)
  return wrong ? [invalidValue(path, key, wrong)] : []
}
