import { type FieldError, wrongType } from './field-error.ts'

/** What decoding a client's object into the API's own type would find. */
export interface ShapeReport {
  /** Fields of a wrong type: the object cannot be decoded. */
  wrong: FieldError[]
  /** Fields the type does not have, by path: they would be dropped, or refused under `fieldValidation=Strict`. */
  unknown: { path: string; owner: Record<string, unknown>; key: string }[]
}

/** The type of a field as the OpenAPI document has it. Null is allowed everywhere and means absent. */
export type Shape = (value: unknown, path: string, report: ShapeReport) => void

export function checkShape(shape: Shape, value: unknown): ShapeReport {
  const report: ShapeReport = { wrong: [], unknown: [] }
  shape(value, '', report)
  return report
}

export const string: Shape = scalar('string', (value) => typeof value === 'string')
export const boolean: Shape = scalar('bool', (value) => typeof value === 'boolean')
export const int32: Shape = scalar('int32', isIntegerOf(32))
export const int64: Shape = scalar('int64', isIntegerOf(64))

/** Part of the API that is passed on without a look. */
export const anything: Shape = () => {}

export function custom(type: string, holds: (value: unknown) => boolean): Shape {
  return scalar(type, holds)
}

export function listOf(item: Shape): Shape {
  return (value, path, report) => {
    if (value === undefined || value === null) return
    if (!Array.isArray(value)) report.wrong.push(mismatch(value, path, 'list'))
    else for (const [index, element] of value.entries()) item(element, `${path}[${index}]`, report)
  }
}

export function mapOf(item: Shape): Shape {
  return (value, path, report) => {
    if (value === undefined || value === null) return
    if (!isObject(value)) report.wrong.push(mismatch(value, path, 'map'))
    else for (const key in value) item(value[key], `${path}[${key}]`, report)
  }
}

export function struct(fields: Record<string, Shape>): Shape {
  return (value, path, report) => {
    if (value === undefined || value === null) return
    if (!isObject(value)) {
      report.wrong.push(mismatch(value, path, 'object'))
      return
    }
    for (const key in value) {
      const at = path === '' ? key : `${path}.${key}`
      if (Object.hasOwn(fields, key)) fields[key]?.(value[key], at, report)
      else report.unknown.push({ path: at, owner: value, key })
    }
  }
}

function scalar(type: string, holds: (value: unknown) => boolean): Shape {
  return (value, path, report) => {
    if (value !== undefined && value !== null && !holds(value)) report.wrong.push(mismatch(value, path, type))
  }
}

function mismatch(value: unknown, path: string, type: string): FieldError {
  const found = Array.isArray(value) ? 'array' : typeof value
  return wrongType(path, `json: cannot unmarshal ${found} into Go struct field ${path} of type ${type}`)
}

function isIntegerOf(bits: number): (value: unknown) => boolean {
  const bound = 2 ** (bits - 1)
  return (value) => Number.isInteger(value) && (value as number) >= -bound && (value as number) < bound
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
