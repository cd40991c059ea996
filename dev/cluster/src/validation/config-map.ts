import { fieldsOf, isPresent, textOf } from '../store/json.ts'
import { type FieldError, invalidValue, tooLong } from './field-error.ts'
import { validateMetadata } from './metadata.ts'
import { validate } from './schema.ts'

const SIZE_LIMIT = 1024 * 1024

/** ValidateConfigMap in kubernetes/pkg/apis/core/validation/validation.go. */
export function validateConfigMap(object: unknown): FieldError[] {
  return validate('configmaps', object, ({ metadata, data, binaryData }) => {
    const texts = Object.entries(fieldsOf(data))
    const binaries = Object.entries(fieldsOf(binaryData))
    const twice = binaries.filter(([key]) => isPresent(fieldsOf(data)[key]))
    const size =
      texts.reduce((sum, [, value]) => sum + Buffer.byteLength(textOf(value)), 0) +
      binaries.reduce((sum, [, value]) => sum + Buffer.byteLength(textOf(value), 'base64'), 0)
    return [
      ...validateMetadata(fieldsOf(metadata)),
      ...texts.flatMap(([key]) => validateKey(`data[${key}]`, key)),
      ...binaries.flatMap(([key]) => validateKey(`binaryData[${key}]`, key)),
      ...twice.map(([key]) => invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData')),
      ...(size > SIZE_LIMIT ? [tooLong('', SIZE_LIMIT)] : []),
    ]
  })
}

/** A key becomes a file name when the ConfigMap is mounted, so it must not leave its directory. */
function validateKey(path: string, key: string): FieldError[] {
  if (key !== '.' && !key.startsWith('..') && /^[A-Za-z0-9._-]{1,253}$/.test(key)) return []
  const detail = "must be at most 253 letters, digits, '-', '_' and '.', and not '.' or start with '..'"
  return [invalidValue(path, key, detail)]
}
