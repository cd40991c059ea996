import { randomUUID } from 'node:crypto'
import { AlreadyExists, timestamp } from '../../store/store.ts'
import type { KubeObject } from '../../store/types.ts'
import type { Answer, Call } from '../call.ts'
import { decodeObject } from '../object-body.ts'
import { resources } from '../resources.ts'
import { alreadyExists, badRequest, invalid, methodNotAllowed, notFound } from '../status.ts'
import { strategies } from '../strategies/index.ts'
import { checkStoredSize, isDryRun } from './write-options.ts'

export function create(call: Call): Answer {
  const { info } = call
  if (info.resource.namespaced && info.namespace === undefined) throw methodNotAllowed()
  const draft = decodeObject(call, call.body)
  if (draft.metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created')
  return { code: 201, body: createObject(call, draft) }
}

/** Stores a decoded object as new: with its name, its defaults, and what the server alone sets. */
export function createObject(call: Call, draft: KubeObject): KubeObject {
  const { resource, namespace } = call.info
  const { store, now, random } = call.state
  if (namespace !== undefined && !store.get('namespaces', undefined, namespace)) {
    throw notFound(resources.namespaces, namespace)
  }
  const strategy = strategies[resource.name]
  const { name, generateName } = draft.metadata
  draft.metadata = ownMetadata(draft, name || (generateName ? generatedName(generateName, random) : ''))
  strategy.setDefaults(draft)
  strategy.prepareForCreate(draft)
  const errors = strategy.validate(draft)
  if (errors.length > 0) throw invalid(resource, draft.metadata.name, errors)
  checkStoredSize(call)
  if (isDryRun(call)) return pretend(call, draft, timestamp(now()))
  try {
    return store.create(resource.name, draft)
  } catch (error) {
    if (error instanceof AlreadyExists) throw alreadyExists(resource, draft.metadata.name)
    throw error
  }
}

/** Keeps of the client's metadata what is the client's to set. */
function ownMetadata({ metadata }: KubeObject, name: string): KubeObject['metadata'] {
  const { generateName, namespace, labels, annotations, ownerReferences, finalizers } = metadata
  return {
    name,
    ...(generateName && { generateName }),
    ...(namespace && { namespace }),
    uid: randomUUID(),
    resourceVersion: '',
    creationTimestamp: '',
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(ownerReferences && { ownerReferences }),
    ...(finalizers && { finalizers }),
  }
}

/** Five characters that spell no words, behind at most 58; see k8s.io/apiserver/pkg/storage/names/generate.go. */
function generatedName(prefix: string, random: () => number): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
  const suffix = Array.from({ length: 5 }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
  return prefix.slice(0, 58) + suffix
}

function pretend({ info, state }: Call, draft: KubeObject, creationTimestamp: string): KubeObject {
  const { name, namespace } = draft.metadata
  if (state.store.get(info.resource.name, namespace, name)) throw alreadyExists(info.resource, name)
  const { resourceVersion: _, ...metadata } = { ...draft.metadata, creationTimestamp }
  return { ...draft, metadata: metadata as KubeObject['metadata'] }
}
