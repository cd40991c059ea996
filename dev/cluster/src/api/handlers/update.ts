import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../store/types.ts'
import { fieldsOf } from '../../validation/value.ts'
import type { Answer, Call } from '../call.ts'
import { decodeObject } from '../object-body.ts'
import { badRequest, conflict, invalid } from '../status.ts'
import { strategies } from '../strategies/index.ts'
import { existing } from './get.ts'
import { checkStoredSize, isDryRun } from './write-options.ts'

const OUTDATED = 'the object has been modified; please apply your changes to the latest version and try again'

export function update(call: Call): Answer {
  const next = decodeObject(call, call.body)
  return { code: 200, body: updateObject(call, next, existing(call)) }
}

/** Stores a decoded object in place of the one it was made from. */
export function updateObject(call: Call, next: KubeObject, before: KubeObject): KubeObject {
  const { info, state } = call
  const { resource, subresource } = info
  checkIdentity(call, next, before)
  const strategy = strategies[resource.name]
  next.metadata = updatedMetadata(next, before)
  if (subresource === 'status') next.spec = before.spec
  else {
    if (strategy.hasStatus) next.status = before.status
    strategy.setDefaults(next)
    const errors = [...strategy.validate(next), ...strategy.validateUpdate(next, before)]
    if (errors.length > 0) throw invalid(resource, before.metadata.name, errors)
    countGeneration(next, before)
  }
  checkStoredSize(call)
  if (isDryRun(call)) return next
  return state.store.replace(resource.name, next) ?? next
}

/** Optimistic concurrency: who names a version, or a uid, changes that very state or nothing. */
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
    throw conflict(info.resource, name, OUTDATED)
  }
}

/** Labels and their like are the client's to change; the rest of the metadata is the server's. */
function updatedMetadata({ metadata }: KubeObject, before: KubeObject): KubeObject['metadata'] {
  const { labels, annotations, ownerReferences, finalizers } = fieldsOf(metadata)
  const kept: Record<string, unknown> = { ...before.metadata }
  for (const [field, value] of Object.entries({ labels, annotations, ownerReferences, finalizers })) {
    if (value === undefined || value === null) delete kept[field]
    else kept[field] = value
  }
  return kept as unknown as KubeObject['metadata']
}

function countGeneration(next: KubeObject, before: KubeObject): void {
  if (before.metadata.generation === undefined) return
  if (!isDeepStrictEqual(next.spec, before.spec)) next.metadata.generation = before.metadata.generation + 1
}
