/** Copies a JSON value: several times faster than `structuredClone`, which must think of far more than JSON. */
export function copyJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyJson) as T
  if (typeof value !== 'object' || value === null) return value
  // By entries, as an assignment to a key named `__proto__` would be lost: ConfigMaps may have one.
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyJson(item)])) as T
}

/** Freezes a JSON value to its depth. A part that is frozen already was frozen whole, so the walk ends there. */
export function freezeJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const key in value) freezeJson(value[key])
  return value
}
