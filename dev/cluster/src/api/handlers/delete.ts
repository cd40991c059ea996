import { apiVersionOf } from '../../resources.ts'
import { type Fields, fieldsOf, textOf } from '../../store/json.ts'
import type { KubeObject, ResourceName, Store } from '../../store/types.ts'
import type { Answer, Call } from '../call.ts'
import { refuseDryRun } from '../decode.ts'
import { badRequest, conflict, forbidden, methodNotAllowed, success } from '../status.ts'
import { existing, selected } from './read.ts'

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
  removeObjects(call, [object], options)
  if (resource.name === 'pods') return { code: 200, body: object }
  const { group, name: kind } = resource
  return { code: 200, body: success({ name, ...(group && { group }), kind, uid }) }
}

export function removeCollection(call: Call): Answer {
  const { resource, namespace } = call.info
  if (namespace === undefined) throw methodNotAllowed()
  const items = selected(call)
  removeObjects(call, items, readOptions(call))
  const metadata = { resourceVersion: String(call.state.store.resourceVersion) }
  return { code: 200, body: { apiVersion: apiVersionOf(resource), kind: `${resource.kind}List`, metadata, items } }
}

/** DeleteOptions come in the body or, without one, in the query. */
function readOptions(call: Call): Fields {
  refuseDryRun(call)
  const { body, query } = call
  const options = body === undefined ? Object.fromEntries(query) : fieldsOf(body)
  if (options.dryRun !== undefined) throw badRequest('the development cluster does not support dryRun')
  return options
}

type Propagation = 'Background' | 'Foreground' | 'Orphan'

function propagationOf({ info, warnings }: Call, { propagationPolicy, orphanDependents }: Fields): Propagation {
  const policy = textOf(propagationPolicy)
  if (policy === 'Background' || policy === 'Foreground' || policy === 'Orphan') return policy
  if (policy !== '') throw badRequest(`propagationPolicy: Unsupported value: ${JSON.stringify(policy)}`)
  if (typeof orphanDependents === 'boolean') return orphanDependents ? 'Orphan' : 'Background'
  if (info.resource.name !== 'jobs') return 'Background'
  // batch/v1 keeps its behavior from before the garbage collector, with a warning.
  warnings.push(
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  )
  return 'Orphan'
}

const NAMESPACED: readonly ResourceName[] = ['jobs', 'pods', 'configmaps', 'events']

/**
 * Running pods are asked to end; everything else is removed at once: finalizers are not waited for, and Foreground acts
 * like Background, where the garbage collector removes the dependents afterwards. Orphan removes their owner references.
 */
function removeObjects(call: Call, objects: readonly KubeObject[], options: Fields): void {
  const { resource, namespace } = call.info
  const { store, endPod } = call.state
  const atOnce = String(options.gracePeriodSeconds) === '0'
  if (propagationOf(call, options) === 'Orphan') {
    disown(store, namespace, new Set(objects.map(({ metadata }) => metadata.uid)))
  }
  for (const object of objects) {
    const { name } = object.metadata
    if (resource.name === 'namespaces') {
      if (name === 'default' || name === 'kube-system') {
        throw forbidden(resource, name, 'this namespace may not be deleted')
      }
      for (const kind of NAMESPACED) {
        for (const { metadata } of store.list(kind, name)) store.remove(kind, name, metadata.name)
      }
    }
    const { phase } = fieldsOf(object['status'])
    const hasEnded = phase === 'Succeeded' || phase === 'Failed'
    if (resource.name === 'pods' && endPod && !atOnce && !hasEnded) endPod(object)
    else store.remove(resource.name, namespace, name)
  }
}

function disown(store: Store, namespace: string | undefined, owners: ReadonlySet<string>): void {
  for (const { metadata } of store.list('pods', namespace)) {
    if (!metadata.ownerReferences?.some(({ uid }) => owners.has(uid))) continue
    store.mutate('pods', metadata.namespace, metadata.name, (draft) => {
      draft.metadata.ownerReferences = draft.metadata.ownerReferences?.filter(({ uid }) => !owners.has(uid)) ?? []
    })
  }
}
