import type { KubeObject } from '../../store/types.ts'
import { type Fields, fieldsOf, itemsOf, textOf } from '../../validation/value.ts'
import type { Answer, Call } from '../call.ts'
import { apiVersionOf, type Resource } from '../resources.ts'
import { badRequest, conflict, methodNotAllowed, success } from '../status.ts'
import { existing } from './get.ts'
import { selected } from './list.ts'
import { type Propagation, removeObjects } from './remove-objects.ts'
import { includesAll } from './write-options.ts'

const ORPHANED_BY_DEFAULT =
  'the pods of a deleted job stay by default: set propagationPolicy=Background to remove them, or Orphan to keep them without this warning'

interface DeleteOptions {
  propagation: Propagation
  /** Pods go without being asked to end first. */
  atOnce: boolean
  dryRun: boolean
  preconditions: Fields
}

export function remove(call: Call): Answer {
  const object = existing(call)
  const options = readOptions(call)
  checkPreconditions(call.info.resource, object, options.preconditions)
  if (!options.dryRun) removeObjects(call, [object], options)
  return { code: 200, body: call.info.resource.name === 'pods' ? object : deleted(call.info.resource, object) }
}

export function removeCollection(call: Call): Answer {
  const { resource, namespace } = call.info
  if (namespace === undefined) throw methodNotAllowed()
  const options = readOptions(call)
  const items = selected(call)
  if (!options.dryRun) removeObjects(call, items, options)
  const metadata = { resourceVersion: String(call.state.store.resourceVersion) }
  return { code: 200, body: { apiVersion: apiVersionOf(resource), kind: `${resource.kind}List`, metadata, items } }
}

/** The options come in the body, or, without one, in the query. */
function readOptions(call: Call): DeleteOptions {
  const { body, query } = call
  const seconds = query.get('gracePeriodSeconds')
  const given: Fields =
    body === undefined
      ? {
          propagationPolicy: query.get('propagationPolicy'),
          gracePeriodSeconds: seconds === null ? undefined : Number(seconds),
          dryRun: query.getAll('dryRun'),
        }
      : fieldsOf(body)
  return {
    propagation: propagationOf(call, given),
    atOnce: given.gracePeriodSeconds === 0,
    dryRun: includesAll(itemsOf(given.dryRun)),
    preconditions: fieldsOf(given.preconditions),
  }
}

function propagationOf({ info, warnings }: Call, { propagationPolicy, orphanDependents }: Fields): Propagation {
  const policy = textOf(propagationPolicy)
  if (policy === 'Background' || policy === 'Foreground' || policy === 'Orphan') return policy
  if (policy !== '') throw badRequest(`propagationPolicy: Unsupported value: ${JSON.stringify(policy)}`)
  if (typeof orphanDependents === 'boolean') return orphanDependents ? 'Orphan' : 'Background'
  if (info.resource.name !== 'jobs') return 'Background'
  // batch/v1 kept the behaviour it had before there was a garbage collector, and warns of it.
  warnings.push(ORPHANED_BY_DEFAULT)
  return 'Orphan'
}

function checkPreconditions(resource: Resource, { metadata }: KubeObject, preconditions: Fields): void {
  for (const field of ['uid', 'resourceVersion'] as const) {
    const wanted = preconditions[field]
    if (wanted === undefined || wanted === metadata[field]) continue
    const why = `Precondition failed: ${field} in precondition: ${textOf(wanted)}, in object meta: ${metadata[field]}`
    throw conflict(resource, metadata.name, why)
  }
}

function deleted({ group, name: kind }: Resource, { metadata }: KubeObject): object {
  return success({ name: metadata.name, ...(group && { group }), kind, uid: metadata.uid })
}
