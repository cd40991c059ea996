import { isDeepStrictEqual } from 'node:util'
import { copyJson } from '../../store/json.ts'
import { fieldsOf } from '../../validation/value.ts'
import { ApiError } from '../status.ts'

/** RFC 6902. The target is changed in place. */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  const root = { document: target }
  for (const step of patch as unknown[]) applyStep(root, fieldsOf(step))
  return root.document
}

interface Root {
  document: unknown
}

function applyStep(root: Root, step: Record<string, unknown>): void {
  const path = pointer(step.path)
  switch (step.op) {
    case 'add':
      return add(root, path, step.value)
    case 'remove':
      remove(root, path)
      return
    case 'replace':
      remove(root, path)
      return add(root, path, step.value)
    case 'move':
      return add(root, path, remove(root, pointer(step.from)))
    case 'copy':
      return add(root, path, copyJson(read(root, pointer(step.from))))
    case 'test':
      if (!isDeepStrictEqual(read(root, path), step.value)) throw failed(`testing path ${String(step.path)} failed`)
      return
    default:
      throw failed(`unexpected kind: ${JSON.stringify(step.op)}`)
  }
}

/** The steps to a place, from a holder of the document, so that the document itself has a parent too. */
function pointer(path: unknown): string[] {
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/'))) throw failed('invalid path')
  const steps = path.split('/').slice(1)
  return ['document', ...steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))]
}

function add(root: Root, path: string[], value: unknown): void {
  const { parent, key } = place(root, path)
  if (!Array.isArray(parent))
    Object.defineProperty(parent, key, { value, writable: true, enumerable: true, configurable: true })
  else if (key === '-') parent.push(value)
  else parent.splice(indexIn(parent, key, parent.length), 0, value)
}

function remove(root: Root, path: string[]): unknown {
  const removed = read(root, path)
  const { parent, key } = place(root, path)
  if (Array.isArray(parent)) parent.splice(indexIn(parent, key, parent.length - 1), 1)
  else delete parent[key]
  return removed
}

function read(root: Root, path: string[]): unknown {
  const { parent, key } = place(root, path)
  if (Array.isArray(parent)) return parent[indexIn(parent, key, parent.length - 1)]
  if (!Object.hasOwn(parent, key)) throw failed(`missing path: /${path.slice(1).join('/')}`)
  return parent[key]
}

function place(root: Root, path: string[]): { parent: Record<string, unknown> | unknown[]; key: string } {
  const key = path.at(-1) as string
  const parent = path.length === 1 ? root : read(root, path.slice(0, -1))
  if (typeof parent !== 'object' || parent === null) throw failed(`missing path: /${path.slice(1).join('/')}`)
  return { parent: parent as Record<string, unknown> | unknown[], key }
}

function indexIn(list: unknown[], key: string, last: number): number {
  const index = /^(?:0|[1-9]\d*)$/.test(key) ? Number(key) : Number.NaN
  if (!(index <= last)) throw failed(`no such index: ${key} of ${list.length}`)
  return index
}

function failed(why: string): ApiError {
  return new ApiError(422, 'Invalid', `the server rejected our request due to an error in our request: ${why}`, {})
}
