import { type FieldError, invalidValue, required } from './field-error.ts'
import { qualifiedName } from './names.ts'
import { fieldsOf } from './value.ts'

const suffixes: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** The value of a quantity such as `100m`, `1.5Gi` or `1e3`; undefined when it is none. See k8s.io/apimachinery/pkg/api/resource. */
export function parseQuantity(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') return undefined
  const [, digits, exponent, suffix] = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([A-Za-z]*))$/.exec(text) ?? []
  if (digits === undefined) return undefined
  if (exponent !== undefined) return Number(digits) * 10 ** Number(exponent)
  const factor = suffixes[suffix ?? '']
  return factor === undefined ? undefined : Number(digits) * factor
}

/** ValidateContainerResourceRequirements in kubernetes/pkg/apis/core/validation/validation.go. */
export function validateResources(resources: unknown, path: string): FieldError[] {
  const limits = Object.entries(fieldsOf(fieldsOf(resources).limits))
  const requests = Object.entries(fieldsOf(fieldsOf(resources).requests))
  const maximum = new Map(limits.map(([name, value]) => [name, parseQuantity(value) ?? Infinity]))
  return [
    ...limits.flatMap(([name, value]) => validateEntry(name, value, `${path}.limits`)),
    ...requests.flatMap(([name, value]) => [
      ...validateEntry(name, value, `${path}.requests`),
      ...validateWithinLimit(name, value, maximum.get(name), `${path}.requests`),
    ]),
  ]
}

function validateEntry(name: string, value: unknown, path: string): FieldError[] {
  const errors: FieldError[] = []
  const wrongName = qualifiedName(name)
  if (name === '') errors.push(required(path))
  else if (wrongName) errors.push(invalidValue(path, name, wrongName))
  else if (!isResourceName(name)) errors.push(invalidValue(path, name, 'must be a standard resource for containers'))
  if ((parseQuantity(value) ?? 0) < 0) {
    errors.push(invalidValue(`${path}[${name}]`, value, 'must be greater than or equal to 0'))
  }
  return errors
}

function isResourceName(name: string): boolean {
  return ['cpu', 'memory', 'ephemeral-storage'].includes(name) || name.startsWith('hugepages-') || name.includes('/')
}

function validateWithinLimit(name: string, value: unknown, limit: number | undefined, path: string): FieldError[] {
  if (limit === undefined || (parseQuantity(value) ?? 0) <= limit) return []
  return [invalidValue(path, value, `must be less than or equal to ${name} limit`)]
}
