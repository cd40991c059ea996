import { copyJson } from '../../store/json.ts'
import { fieldsOf } from '../../validation/value.ts'
import type { Answer, Call } from '../call.ts'
import { decodeObject } from '../object-body.ts'
import { applyJsonPatch } from '../patch/json-patch.ts'
import { applyMergePatch } from '../patch/merge-patch.ts'
import { applyStrategicMergePatch } from '../patch/strategic-merge-patch.ts'
import { badRequest, unsupportedMediaType } from '../status.ts'
import { createObject } from './create.ts'
import { existing } from './get.ts'
import { updateObject } from './update.ts'

const APPLY = 'application/apply-patch+yaml'

const patchTypes: Record<string, (target: unknown, patch: unknown) => unknown> = {
  'application/json-patch+json': applyJsonPatch,
  'application/merge-patch+json': applyMergePatch,
  'application/strategic-merge-patch+json': applyStrategicMergePatch,
  [APPLY]: applyStrategicMergePatch,
}

/**
 * Server-side apply is a simplification: what is applied is merged into the object, or becomes it. Nobody's fields are
 * tracked, so there are no conflicts between managers, and what a manager leaves out stays.
 */
export function patch(call: Call): Answer {
  const apply = patchTypes[call.contentType]
  if (!apply) throw unsupportedMediaType(Object.keys(patchTypes))
  checkBody(call)
  if (call.contentType === APPLY && isNew(call)) {
    const draft = decodeObject(call, call.body)
    return { code: 201, body: createObject(call, draft) }
  }
  const before = existing(call)
  const next = decodeObject(call, apply(copyJson(before), call.body))
  return { code: 200, body: updateObject(call, next, before) }
}

function checkBody({ body, contentType, query }: Call): void {
  const isList = contentType === 'application/json-patch+json'
  if (isList ? !Array.isArray(body) : fieldsOf(body) !== body)
    throw badRequest('the patch is not of the form its type asks for')
  if (contentType === APPLY && !query.get('fieldManager')) throw badRequest('fieldManager is required for apply patch')
}

function isNew({ info, state }: Call): boolean {
  return !state.store.get(info.resource.name, info.namespace, info.name ?? '')
}
