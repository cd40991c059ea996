import { resources } from '../../resources.ts'
import { type Fields, fieldsOf, textOf } from '../../store/json.ts'
import type { KubeObject, ResourceName, Store } from '../../store/types.ts'
import type { Answer, Call } from '../call.ts'
import { refuseDryRun } from '../decode.ts'
import { badRequest, conflict, forbidden, success } from '../status.ts'
import { existing } from './read.ts'

export function remove(call: Call): Answer {
  const { resource } = call.info
  const object = existing(call)
  const options = readOptions(call)
  const { name, uid } = object.metadata
  for (const field of ['uid', 'resourceVersion'] as const) {
    const wanted = fieldsOf(options.preconditions)[field]
    if (wanted === undefined || wanted === object.metadata[field]) continue
    const found = object.metadata[field]
    const why = `Precondition failed: ${field} in precondition: ${textOf(wanted)}, in object meta: ${found}`
    throw conflict(resource, name, why)
  }
  removeObject(call, object, options)
  if (resource.name === 'pods') return { code: 200, body: object }
  const { group, name: kind } = resource
  return { code: 200, body: success({ name, ...(group && { group }), kind, uid }) }
}

/** DeleteOptions come in the body or, without one, in the query. */
function readOptions(call: Call): Fields {
  refuseDryRun(call)
  const { body, query } = call
  const options = body === undefined ? Object.fromEntries(query) : fieldsOf(body)
  if (options.dryRun !== undefined) throw badRequest('the development cluster does not support dryRun')
  return options
}

/** batch/v1 keeps its behavior from before the garbage collector: the pods of a deleted Job stay by default. */
function orphansPods({ info }: Call, { propagationPolicy }: Fields): boolean {
  const policy = textOf(propagationPolicy) || (info.resource.name === 'jobs' ? 'Orphan' : 'Background')
  if (policy === 'Background' || policy === 'Foreground' || policy === 'Orphan') return policy === 'Orphan'
  throw badRequest(`propagationPolicy: Unsupported value: ${JSON.stringify(policy)}`)
}

const NAMESPACED: readonly ResourceName[] = ['jobs', 'pods', 'configmaps', 'events']

/**
 * Running pods are asked to end; everything else is removed at once: finalizers are not waited for, and Foreground acts
 * like Background, where the garbage collector removes the dependents afterwards. Orphan removes their owner references.
 */
function removeObject(call: Call, object: KubeObject, options: Fields): void {
  const { resource, namespace } = call.info
  const { store, endPod } = call.state
  const { name, uid } = object.metadata
  const atOnce = String(options.gracePeriodSeconds) === '0'
  const { phase } = fieldsOf(object['status'])
  const hasEnded = phase === 'Succeeded' || phase === 'Failed'
  if (orphansPods(call, options)) disown(store, namespace, uid)
  if (resource.name === 'namespaces') emptyNamespace(store, name)
  if (resource.name === 'pods' && endPod && !atOnce && !hasEnded) endPod(object)
  else store.remove(resource.name, namespace, name)
}

function emptyNamespace(store: Store, namespace: string): void {
  if (namespace === 'default' || namespace === 'kube-system') {
    throw forbidden(resources.namespaces, namespace, 'this namespace may not be deleted')
  }
  for (const resource of NAMESPACED) {
    for (const { metadata } of store.list(resource, namespace)) store.remove(resource, namespace, metadata.name)
  }
}

function disown(store: Store, namespace: string | undefined, owner: string): void {
  for (const { metadata } of store.list('pods', namespace)) {
    const others = metadata.ownerReferences?.filter(({ uid }) => uid !== owner)
    if (others?.length === metadata.ownerReferences?.length) continue
    store.mutate('pods', metadata.namespace, metadata.name, (draft) => {
      draft.metadata.ownerReferences = others ?? []
    })
  }
}
