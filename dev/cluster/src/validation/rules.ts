import { duplicate, type FieldError, invalidValue, notSupported, required } from './field-error.ts'
import { dnsLabel } from './names.ts'
import { type Fields, isPresent, textOf } from './value.ts'

export function nonNegative(owner: Fields, path: string, names: readonly string[]): FieldError[] {
  return names
    .filter((name) => typeof owner[name] === 'number' && owner[name] < 0)
    .map((name) => invalidValue(`${path}.${name}`, owner[name], 'must be greater than or equal to 0'))
}

/** A field that may be absent, and else must be one of a few words. */
export function oneOf(path: string, value: unknown, supported: readonly string[]): FieldError[] {
  return !isPresent(value) || supported.includes(textOf(value)) ? [] : [notSupported(path, value, supported)]
}

/** The name of a container or volume: a DNS label that no other one has. */
export function uniqueLabel(name: string, path: string, taken: ReadonlySet<string>): FieldError[] {
  if (!name) return [required(path)]
  const wrong = dnsLabel(name)
  if (wrong) return [invalidValue(path, name, wrong)]
  return taken.has(name) ? [duplicate(path, name)] : []
}
