import { apiVersionOf } from '../../resources.ts'
import { parseFieldSelector, parseLabelSelector } from '../../store/selectors.ts'
import type { KubeObject } from '../../store/types.ts'
import type { Answer, Call, ObjectList } from '../call.ts'
import type { Snapshot } from '../state.ts'
import { badRequest, expired, notFound, resourceVersionTooLarge } from '../status.ts'

export function get(call: Call): Answer {
  return { code: 200, body: existing(call) }
}

export function existing({ info, state }: Call): KubeObject {
  const name = info.name ?? ''
  const object = state.store.get(info.resource.name, info.namespace, name)
  if (!object) throw notFound(info.resource, name)
  return object
}

export function list(call: Call): Answer {
  const token = call.query.get('continue')
  return { code: 200, body: page(call, token ? continued(call, token) : current(call)) }
}

/** The request's selectors as a predicate. */
export function selection({ info, query }: Call): (object: KubeObject) => boolean {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '')
  const fields = parseFieldSelector(info.resource.name, query.get('fieldSelector') ?? '')
  if (!labels.ok) throw badRequest(labels.error)
  if (!fields.ok) throw badRequest(fields.error)
  return (object) => labels.matches(object) && fields.matches(object)
}

/** The requested version; undefined if any will do (none or 0). Throws for an invalid or future one. */
export function versionParameter({ query, state }: Call): number | undefined {
  const text = query.get('resourceVersion') ?? ''
  if (text === '' || text === '0') return undefined
  if (!/^\d+$/.test(text)) throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(text)}`)
  const version = Number(text)
  if (version > state.store.resourceVersion) throw resourceVersionTooLarge(version, state.store.resourceVersion)
  return version
}

function current(call: Call): Snapshot {
  const { store } = call.state
  versionParameter(call)
  const items = store.list(call.info.resource.name, call.info.namespace).filter(selection(call))
  return { resourceVersion: store.resourceVersion, items }
}

function continued({ info, state }: Call, token: string): Snapshot {
  const snapshot = state.snapshots.take(token)
  // A compaction drops old states, including one that is being paged.
  const reachable = snapshot && state.store.since(info.resource.name, snapshot.resourceVersion)
  if (!reachable) throw expired('The provided continue parameter is too old to display a consistent list result.')
  return snapshot
}

function page(call: Call, { resourceVersion, items }: Snapshot): ObjectList {
  const { info, query, state } = call
  const limit = Number(query.get('limit') ?? 0)
  if (!Number.isInteger(limit) || limit < 0) throw badRequest(`invalid limit: ${query.get('limit')}`)
  const rest = limit === 0 ? [] : items.slice(limit)
  const metadata: ObjectList['metadata'] = { resourceVersion: String(resourceVersion) }
  if (rest.length > 0) {
    metadata.continue = state.snapshots.keep({ resourceVersion, items: rest })
    metadata.remainingItemCount = rest.length
  }
  return {
    apiVersion: apiVersionOf(info.resource),
    kind: `${info.resource.kind}List`,
    metadata,
    items: rest.length > 0 ? items.slice(0, limit) : items,
  }
}
