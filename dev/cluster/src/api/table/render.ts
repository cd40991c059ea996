import type { KubeObject } from '../../store/types.ts'
import { fieldsOf, itemsOf } from '../../validation/value.ts'
import type { Call } from '../call.ts'
import { columns } from './columns.ts'

/**
 * Turns an object, or a list of them, into the table that `kubectl get` prints. Over a watch every event is a table of its
 * own, and only the first one has the headings.
 */
export function createTableRenderer(call: Call): (body: object) => object {
  const { info, query, state } = call
  const shown = columns[info.resource.name]
  const include = query.get('includeObject') ?? 'Metadata'
  let headed = false

  return (body) => {
    const definitions = headed
      ? []
      : shown.map(({ cell: _, ...definition }) => ({ format: '', description: '', ...definition }))
    headed = true
    return {
      apiVersion: 'meta.k8s.io/v1',
      kind: 'Table',
      metadata: tableMetadata(fieldsOf(fieldsOf(body).metadata)),
      columnDefinitions: definitions,
      rows: objectsIn(body).map((object) => ({
        cells: shown.map(({ cell }) => cell(object, state.now())),
        object: included(object, include),
      })),
    }
  }
}

function tableMetadata({ resourceVersion, continue: token, remainingItemCount }: Record<string, unknown>): object {
  return { resourceVersion, ...(token !== undefined && { continue: token, remainingItemCount }) }
}

function objectsIn(body: object): KubeObject[] {
  const { items, metadata } = fieldsOf(body)
  if (items !== undefined) return itemsOf(items) as KubeObject[]
  // A bookmark is no object: it has a version, but no name.
  return fieldsOf(metadata).name === undefined ? [] : [body as KubeObject]
}

function included(object: KubeObject, include: string): object | null {
  if (include === 'None') return null
  if (include === 'Object') return object
  return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: object.metadata }
}
