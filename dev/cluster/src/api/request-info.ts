import { type RequestInfo, resources, type Verb } from '../resources.ts'

const PATH =
  /^\/(?:api|apis\/(?<group>[^/]+))\/v1(?:\/namespaces\/(?<namespace>[^/]+)(?=\/))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+)(?:\/(?<subresource>[^/]+))?)?$/

/**
 * Parses a path such as `/apis/batch/v1/namespaces/{namespace}/jobs/{name}`. Undefined if it names no served resource.
 * Throws `URIError` if an escape is invalid.
 */
export function parseRequestInfo(method: string, { pathname, searchParams }: URL): RequestInfo | undefined {
  const { group, namespace, plural, name: named, subresource } = PATH.exec(pathname)?.groups ?? {}
  const resource = Object.values(resources).find((each) => each.group === (group ?? '') && each.name === plural)
  const verb = verbOf(method, searchParams, named)
  // Namespaced objects are listed over all namespaces, but addressed in theirs only.
  const hasAddress = named === undefined || namespace !== undefined || resource?.namespaced === false
  if (!resource || !verb || !hasAddress) return undefined
  const parts = { subresource, namespace, name: named ?? nameSelectedBy(searchParams) }
  const present = Object.entries(parts).filter(([, part]) => part !== undefined)
  return { verb, resource, ...Object.fromEntries(present.map(([key, part = '']) => [key, decodeURIComponent(part)])) }
}

const WRITES: Partial<Record<string, Verb>> = { POST: 'create', PUT: 'update', PATCH: 'patch' }

function verbOf(method: string, query: URLSearchParams, name: string | undefined): Verb | undefined {
  if (method === 'DELETE') return name === undefined ? 'deletecollection' : 'delete'
  if (method !== 'GET' && method !== 'HEAD') return WRITES[method]
  if (name !== undefined) return 'get'
  return isTrue(query.get('watch')) ? 'watch' : 'list'
}

/** RBAC treats a list or watch of a single object as a request for that name. */
function nameSelectedBy(query: URLSearchParams): string | undefined {
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(query.get('fieldSelector') ?? '')?.[1]
}

/** Like Go's strconv.ParseBool, with which the API server parses query parameters. */
export function isTrue(value: string | null): boolean {
  return value !== null && ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)
}
