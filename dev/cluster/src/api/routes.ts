import type { RequestInfo, Verb } from '../resources.ts'
import type { ResourceName } from '../store/types.ts'
import type { Handler } from './call.ts'
import { create } from './handlers/create.ts'
import { remove } from './handlers/delete.ts'
import { log } from './handlers/log.ts'
import { get, list } from './handlers/read.ts'
import { patch, update } from './handlers/update.ts'
import { watch } from './handlers/watch.ts'

type Route = ResourceName | 'pods/log'

const everyVerb = { create, delete: remove, get, list, patch, update, watch }

/** The whole API; everything else is answered 404 or 405. */
export const routes: Partial<Record<Route, Partial<Record<Verb, Handler>>>> = {
  namespaces: everyVerb,
  configmaps: everyVerb,
  events: everyVerb,
  jobs: everyVerb,
  pods: everyVerb,
  'pods/log': { get: log },
}

export function routeOf({ resource, subresource }: RequestInfo): Partial<Record<Verb, Handler>> | undefined {
  const route = subresource === undefined ? resource.name : `${resource.name}/${subresource}`
  return Object.hasOwn(routes, route) ? routes[route as Route] : undefined
}
