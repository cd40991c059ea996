import { isDeepStrictEqual } from 'node:util'
import { copyJson, fieldsOf } from '../../store/json.ts'
import type { KubeObject } from '../../store/types.ts'
import type { Answer, Call } from '../call.ts'
import { decodeObject, refuseDryRun } from '../decode.ts'
import { kinds } from '../kinds.ts'
import { applyMergePatch, applyStrategicMergePatch } from '../patch.ts'
import { badRequest, conflict, invalid, unsupportedMediaType } from '../status.ts'
import { existing } from './read.ts'

export function update(call: Call): Answer {
  const next = decodeObject(call, call.body)
  return { code: 200, body: replace(call, next, existing(call)) }
}

const patchTypes: Record<string, (target: unknown, patch: unknown) => unknown> = {
  'application/merge-patch+json': applyMergePatch,
  'application/strategic-merge-patch+json': applyStrategicMergePatch,
}

export function patch(call: Call): Answer {
  const apply = patchTypes[call.contentType]
  if (!apply) throw unsupportedMediaType(Object.keys(patchTypes))
  if (fieldsOf(call.body) !== call.body) throw badRequest('the patch must be an object')
  const before = existing(call)
  const next = decodeObject(call, apply(copyJson(before), call.body))
  return { code: 200, body: replace(call, next, before) }
}

function replace(call: Call, next: KubeObject, before: KubeObject): KubeObject {
  const { resource } = call.info
  const { hasStatus, setDefaults, validate, validateUpdate } = kinds[resource.name]
  refuseDryRun(call)
  checkIdentity(call, next, before)
  next.metadata = updatedMetadata(next, before)
  if (hasStatus) next['status'] = before['status']
  setDefaults?.(next)
  const errors = [...validate(next), ...(validateUpdate?.(next, before) ?? [])]
  if (errors.length > 0) throw invalid(resource, before.metadata.name, errors)
  if (before.metadata.generation !== undefined && !isDeepStrictEqual(next['spec'], before['spec'])) {
    next.metadata.generation = before.metadata.generation + 1
  }
  return call.state.store.replace(resource.name, next) ?? next
}

/** Optimistic concurrency: a client that names a version or uid changes exactly that state or nothing. */
function checkIdentity({ info }: Call, { metadata }: KubeObject, before: KubeObject): void {
  const { name, uid, resourceVersion } = before.metadata
  if (metadata.name && metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
  }
  if (metadata.uid && metadata.uid !== uid) {
    const why = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${uid}`
    throw conflict(info.resource, name, why)
  }
  if (metadata.resourceVersion && metadata.resourceVersion !== resourceVersion) {
    const why = 'the object has been modified; please apply your changes to the latest version and try again'
    throw conflict(info.resource, name, why)
  }
}

/** Labels and the like may change; the rest of the metadata is the server's. */
function updatedMetadata({ metadata }: KubeObject, before: KubeObject): KubeObject['metadata'] {
  const { labels, annotations, ownerReferences, finalizers } = fieldsOf(metadata)
  const kept: Record<string, unknown> = { ...before.metadata }
  for (const [field, value] of Object.entries({ labels, annotations, ownerReferences, finalizers })) {
    if (value === undefined || value === null) delete kept[field]
    else kept[field] = value
  }
  return kept as unknown as KubeObject['metadata']
}
