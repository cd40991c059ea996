import { fieldsOf } from '../../validation/value.ts'

/** RFC 7386: null deletes, objects merge, everything else replaces. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (fieldsOf(patch) !== patch) return patch
  const merged = new Map(Object.entries(fieldsOf(target)))
  for (const [key, value] of Object.entries(fieldsOf(patch))) {
    if (value === null) merged.delete(key)
    else merged.set(key, applyMergePatch(merged.get(key), value))
  }
  return Object.fromEntries(merged)
}
