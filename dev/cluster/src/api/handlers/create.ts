import { randomUUID } from 'node:crypto'
import { randomName } from '../../objects/names.ts'
import { resources } from '../../resources.ts'
import { AlreadyExists, timestamp } from '../../store/store.ts'
import type { KubeObject } from '../../store/types.ts'
import type { Answer, Call } from '../call.ts'
import { decodeObject, refuseDryRun } from '../decode.ts'
import { kinds } from '../kinds.ts'
import { alreadyExists, badRequest, invalid, methodNotAllowed, notFound } from '../status.ts'

export function create(call: Call): Answer {
  const { resource, namespace } = call.info
  const { store, random, now } = call.state
  if (resource.namespaced && namespace === undefined) throw methodNotAllowed()
  refuseDryRun(call)
  const draft = decodeObject(call, call.body)
  if (draft.metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created')
  if (namespace !== undefined && !store.get('namespaces', undefined, namespace)) {
    throw notFound(resources.namespaces, namespace)
  }
  draft.metadata = { ...clientMetadata(draft), name: nameOf(draft, random), creationTimestamp: timestamp(now()) }
  const { setDefaults, prepareForCreate, validate } = kinds[resource.name]
  setDefaults?.(draft)
  prepareForCreate?.(draft)
  const errors = validate(draft)
  if (errors.length > 0) throw invalid(resource, draft.metadata.name, errors)
  try {
    return { code: 201, body: store.create(resource.name, draft) }
  } catch (error) {
    if (error instanceof AlreadyExists) throw alreadyExists(resource, draft.metadata.name)
    throw error
  }
}

function nameOf({ metadata: { name, generateName } }: KubeObject, random: () => number): string {
  return name || (generateName ? randomName(generateName, random) : '')
}

/** Only the metadata that a client may set. */
function clientMetadata({ metadata }: KubeObject) {
  const { generateName, namespace, labels, annotations, ownerReferences, finalizers } = metadata
  return {
    ...(generateName && { generateName }),
    ...(namespace && { namespace }),
    uid: randomUUID(),
    resourceVersion: '',
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(ownerReferences && { ownerReferences }),
    ...(finalizers && { finalizers }),
  }
}
