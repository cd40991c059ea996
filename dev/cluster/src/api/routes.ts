import type { ResourceName } from '../store/types.ts'
import type { Handler } from './call.ts'
import { create } from './handlers/create.ts'
import { remove, removeCollection } from './handlers/delete.ts'
import { get } from './handlers/get.ts'
import { list } from './handlers/list.ts'
import { log } from './handlers/log.ts'
import { patch } from './handlers/patch.ts'
import { update } from './handlers/update.ts'
import { watch } from './handlers/watch.ts'
import type { RequestInfo, Verb } from './request-info.ts'

type Route = ResourceName | `${ResourceName}/${'status' | 'log'}`

const everyVerb = { create, delete: remove, deletecollection: removeCollection, get, list, patch, update, watch }
const { deletecollection: _, ...everyVerbOfOne } = everyVerb

/** All that the API can do: what is not here is answered 404 or 405. */
export const routes: Partial<Record<Route, Partial<Record<Verb, Handler>>>> = {
  namespaces: everyVerbOfOne,
  configmaps: everyVerb,
  events: everyVerb,
  jobs: everyVerb,
  'jobs/status': { get, patch, update },
  pods: everyVerb,
  'pods/status': { get, patch, update },
  'pods/log': { get: log },
}

export function routeOf({ resource, subresource }: RequestInfo): Partial<Record<Verb, Handler>> | undefined {
  const route = subresource === undefined ? resource.name : `${resource.name}/${subresource}`
  return Object.hasOwn(routes, route) ? routes[route as Route] : undefined
}
