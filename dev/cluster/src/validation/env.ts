import { type FieldError, invalidValue, required } from './field-error.ts'
import { envName } from './names.ts'
import { fieldsOf, isPresent, itemsOf, textOf } from './value.ts'

const sources = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef']

/** ValidateEnv in kubernetes/pkg/apis/core/validation/validation.go. A name may come twice: the later one counts. */
export function validateEnv(env: unknown, path: string): FieldError[] {
  return itemsOf(env).flatMap((item, index) => {
    const variable = fieldsOf(item)
    const name = textOf(variable.name)
    return [
      ...validateName(name, `${path}[${index}].name`),
      ...validateSource(variable.valueFrom, textOf(variable.value), `${path}[${index}].valueFrom`),
    ]
  })
}

function validateName(name: string, path: string): FieldError[] {
  if (!name) return [required(path)]
  const wrong = envName(name)
  return wrong ? [invalidValue(path, name, wrong)] : []
}

function validateSource(valueFrom: unknown, value: string, path: string): FieldError[] {
  if (!isPresent(valueFrom)) return []
  const given = sources.filter((source) => isPresent(fieldsOf(valueFrom)[source]))
  if (given.length === 0) return [invalidValue(path, '', `must specify one of: ${sources.join(', ')}`)]
  if (value !== '') return [invalidValue(path, '', 'may not be specified when `value` is not empty')]
  return given.length > 1 ? [invalidValue(path, '', 'may not have more than one field specified at a time')] : []
}
