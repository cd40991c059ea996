/** Reading JSON that a client sent: a value of an unexpected type counts as absent. Schema validation reports the type. */
export type Fields = Record<string, unknown>

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : {})

export const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

export const isPresent = (value: unknown): boolean => value !== undefined && value !== null

/** Copies a JSON value, several times faster than `structuredClone`. */
export function copyJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyJson) as T
  if (typeof value !== 'object' || value === null) return value
  // Assigning to a key named `__proto__` would lose it, and ConfigMaps may have one.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyJson(item)])) as T
}

/** Freezes a JSON value deeply. A frozen part was frozen deeply before, so the walk ends there. */
export function freezeJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const key in value) freezeJson(value[key])
  return value
}
