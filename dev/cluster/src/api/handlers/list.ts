import type { KubeObject } from '../../store/types.ts'
import type { Answer, Call, ObjectList } from '../call.ts'
import { apiVersionOf } from '../resources.ts'
import type { Snapshot } from '../snapshots.ts'
import { badRequest, expired } from '../status.ts'
import { versionParameter } from './resource-version.ts'
import { selection } from './selection.ts'

export function list(call: Call): Answer {
  const token = call.query.get('continue')
  return { code: 200, body: page(call, token ? continued(call, token) : current(call)) }
}

/** All objects of the request's resource and namespace that its selectors choose. */
export function selected(call: Call): KubeObject[] {
  const { info, state } = call
  return state.store.list(info.resource.name, info.namespace).filter(selection(call))
}

function current(call: Call): Snapshot {
  const { store } = call.state
  const wanted = versionParameter(call)
  if (call.query.get('resourceVersionMatch') === 'Exact' && wanted !== undefined && wanted !== store.resourceVersion) {
    throw expired(`The resourceVersion for the provided list is too old: ${wanted}`)
  }
  return { resourceVersion: store.resourceVersion, items: selected(call) }
}

function continued({ info, state }: Call, token: string): Snapshot {
  const snapshot = state.snapshots.take(token)
  // A compaction takes old states away, the one that is being read in pages too.
  const reachable = snapshot && state.store.since(info.resource.name, snapshot.resourceVersion)
  if (!reachable) throw expired('The provided continue parameter is too old to display a consistent list result.')
  return snapshot
}

function page(call: Call, { resourceVersion, items }: Snapshot): ObjectList {
  const { info, query, state } = call
  const limit = Number(query.get('limit') ?? 0)
  if (!Number.isInteger(limit) || limit < 0) throw badRequest(`invalid limit: ${query.get('limit')}`)
  const rest = limit === 0 ? [] : items.slice(limit)
  return {
    apiVersion: apiVersionOf(info.resource),
    kind: `${info.resource.kind}List`,
    metadata: {
      resourceVersion: String(resourceVersion),
      ...(rest.length > 0 && {
        continue: state.snapshots.keep({ resourceVersion, items: rest }),
        remainingItemCount: rest.length,
      }),
    },
    items: rest.length > 0 ? items.slice(0, limit) : items,
  }
}
