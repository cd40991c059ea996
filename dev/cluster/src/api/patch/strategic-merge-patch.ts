import { isDeepStrictEqual } from 'node:util'
import { fieldsOf, itemsOf } from '../../validation/value.ts'
import { badRequest } from '../status.ts'
import { mergeKeys, primitiveSets } from './merge-keys.ts'

/**
 * Kubernetes' own patch: lists whose items have a key are merged item by item, and directives say what a merge cannot.
 * See kubernetes/community, contributors/devel/sig-api-machinery/strategic-merge-patch.md.
 */
export function applyStrategicMergePatch(target: unknown, patch: unknown): unknown {
  return mergeObject(fieldsOf(target), fieldsOf(patch))
}

type Fields = Record<string, unknown>

const DELETE_FROM = '$deleteFromPrimitiveList/'
const SET_ORDER = '$setElementOrder/'

function mergeObject(target: Fields, patch: Fields): Fields {
  const { $patch: directive, $retainKeys: retained, ...changes } = patch
  if (directive === 'replace') return clean(changes)
  if (directive === 'delete') return {}
  const merged = new Map(Object.entries(target))
  if (Array.isArray(retained)) for (const key of merged.keys()) if (!retained.includes(key)) merged.delete(key)
  for (const [key, value] of Object.entries(changes)) {
    if (key.startsWith('$')) continue
    if (value === null) merged.delete(key)
    else merged.set(key, mergeField(key, merged.get(key), value))
  }
  for (const [key, value] of Object.entries(changes)) direct(merged, key, itemsOf(value))
  return Object.fromEntries(merged)
}

function mergeField(field: string, target: unknown, patch: unknown): unknown {
  if (fieldsOf(patch) === patch) return mergeObject(fieldsOf(target), fieldsOf(patch))
  if (!Array.isArray(patch)) return patch
  const key = mergeKeys[field]
  if (key !== undefined) return mergeList(itemsOf(target), patch, key)
  if (primitiveSets.has(field)) return [...new Set([...itemsOf(target), ...patch])]
  return patch.map(withoutDirectives)
}

function mergeList(target: readonly unknown[], patch: readonly unknown[], key: string): unknown[] {
  const replace = patch.some((item) => fieldsOf(item).$patch === 'replace' && !(key in fieldsOf(item)))
  const merged = replace ? [] : [...target]
  for (const item of patch) {
    const change = fieldsOf(item)
    if (!(key in change)) {
      if (change.$patch === 'replace') continue
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
    }
    const index = merged.findIndex((one) => fieldsOf(one)[key] === change[key])
    if (change.$patch === 'delete') {
      if (index >= 0) merged.splice(index, 1)
    } else if (index >= 0) merged[index] = mergeObject(fieldsOf(merged[index]), change)
    else merged.push(mergeObject({}, change))
  }
  return merged
}

/** Directives that stand beside the field they are about. */
function direct(merged: Map<string, unknown>, directive: string, values: readonly unknown[]): void {
  if (directive.startsWith(DELETE_FROM)) {
    const field = directive.slice(DELETE_FROM.length)
    merged.set(
      field,
      itemsOf(merged.get(field)).filter((item) => !values.includes(item)),
    )
  }
  if (directive.startsWith(SET_ORDER)) {
    const field = directive.slice(SET_ORDER.length)
    if (merged.has(field)) merged.set(field, ordered(itemsOf(merged.get(field)), values, mergeKeys[field]))
  }
}

/** Items that the client does not name stay where they are. */
function ordered(items: readonly unknown[], order: readonly unknown[], key: string | undefined): unknown[] {
  const rank = (item: unknown): number =>
    order.findIndex((wanted) =>
      key === undefined ? wanted === item : isDeepStrictEqual(fieldsOf(wanted)[key], fieldsOf(item)[key]),
    )
  const named = items.filter((item) => rank(item) >= 0).sort((a, b) => rank(a) - rank(b))
  return items.map((item) => (rank(item) >= 0 ? named.shift() : item))
}

const clean = (fields: Fields): Fields => mergeObject({}, fields)

const withoutDirectives = (item: unknown): unknown => (fieldsOf(item) === item ? clean(fieldsOf(item)) : item)
