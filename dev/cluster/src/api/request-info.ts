import { type RequestInfo, type Resource, resources, type Verb } from '../resources.ts'

/**
 * Parses a path such as `/apis/batch/v1/namespaces/{namespace}/jobs/{name}`. Undefined if it names no served resource.
 */
export function parseRequestInfo(method: string, url: URL): RequestInfo | undefined {
  const place = placeOf(url.pathname)
  const resource = place && resourceIn(place.group, place.resource)
  const verb = place && verbOf(method, url.searchParams, place.name)
  // Namespaced objects are listed over all namespaces, but addressed in theirs only.
  if (!resource || !verb || (resource.namespaced && !place.namespace && place.name)) return undefined
  const name = place.name ?? nameSelectedBy(url.searchParams)
  return {
    verb,
    resource,
    ...(place.subresource !== undefined && { subresource: place.subresource }),
    ...(place.namespace !== undefined && { namespace: place.namespace }),
    ...(name !== undefined && { name }),
  }
}

interface Place {
  group: string
  resource: string
  namespace?: string | undefined
  name?: string | undefined
  subresource?: string | undefined
}

function placeOf(pathname: string): Place | undefined {
  const segments = pathname.split('/').slice(1).map(decodeURIComponent)
  if (segments[0] === 'api' && segments[1] === 'v1') return placeIn('', segments.slice(2))
  if (segments[0] === 'apis' && segments[2] === 'v1') return placeIn(segments[1] ?? '', segments.slice(3))
  return undefined
}

/** A namespace is an object itself; with a resource behind its name it is that resource's namespace. */
function placeIn(group: string, segments: string[]): Place | undefined {
  const inNamespace = segments[0] === 'namespaces' && segments.length > 2
  const namespace = inNamespace ? segments[1] : undefined
  const [resource, name, subresource, surplus] = inNamespace ? segments.slice(2) : segments
  if (!resource || surplus !== undefined) return undefined
  return { group, resource, namespace, name, subresource }
}

function resourceIn(group: string, name: string): Resource | undefined {
  return Object.values(resources).find((resource) => resource.group === group && resource.name === name)
}

function verbOf(method: string, query: URLSearchParams, name: string | undefined): Verb | undefined {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (name !== undefined) return 'get'
      return isTrue(query.get('watch')) ? 'watch' : 'list'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete'
    default:
      return undefined
  }
}

/** RBAC treats a list or watch of a single object as a request for that name. */
function nameSelectedBy(query: URLSearchParams): string | undefined {
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get('fieldSelector') ?? '')?.[1]
}

/** Like Go's strconv.ParseBool, with which the API server parses query parameters. */
export function isTrue(value: string | null): boolean {
  return value !== null && ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)
}
