import { resources, type Resource } from './resources.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

/** What a request asks for, in the words of RBAC. */
export interface RequestInfo {
  verb: Verb
  resource: Resource
  subresource?: string
  namespace?: string
  name?: string
}

/**
 * Reads a path such as `/apis/batch/v1/namespaces/{namespace}/jobs/{name}/status`. Undefined when it names no resource that
 * is served.
 */
export function parseRequestInfo(method: string, url: URL): RequestInfo | undefined {
  const place = placeOf(url.pathname)
  const resource = place && resourceIn(place.group, place.resource)
  const verb = place && verbOf(method, url.searchParams, place.name)
  // Objects of a namespace have no other address, though they are listed over all namespaces.
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

/** A namespace is an object itself, and with a resource behind its name it is where that stands. */
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

/** Who lists or watches a single object is held to be asking for that name, by RBAC too. */
function nameSelectedBy(query: URLSearchParams): string | undefined {
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get('fieldSelector') ?? '')?.[1]
}

/** As Go's strconv.ParseBool, which the API server reads query parameters with. */
export function isTrue(value: string | null): boolean {
  return value !== null && ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)
}
