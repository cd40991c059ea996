import { apiVersionOf, type Resource, resources } from './resources.ts'

/**
 * As much of the OpenAPI v3 documents as kubectl wants before it writes: that PATCH of each kind takes `fieldValidation`.
 * There are no schemas, so `kubectl explain` has nothing to tell. Undefined for any other path.
 */
export function openApi(pathname: string): object | undefined {
  const paths = Object.keys(groups)
  if (pathname === '/openapi/v3') {
    return { paths: Object.fromEntries(paths.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}` }])) }
  }
  const group = groups[pathname.slice('/openapi/v3/'.length)]
  return pathname.startsWith('/openapi/v3/') && group !== undefined ? groupDocument(group) : undefined
}

const groups: Record<string, Resource['group']> = { 'api/v1': '', 'apis/batch/v1': 'batch' }

function groupDocument(group: Resource['group']): object {
  const own = Object.values(resources).filter((resource) => resource.group === group)
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.36.0' },
    paths: Object.fromEntries(own.map((resource) => [pathOf(resource), { patch: patchOperation(resource) }])),
    components: { schemas: {} },
  }
}

function pathOf(resource: Resource): string {
  const root = resource.group === '' ? '/api/v1' : `/apis/${apiVersionOf(resource)}`
  return `${root}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.name}/{name}`
}

function patchOperation({ kind, group }: Resource): object {
  return {
    parameters: ['dryRun', 'fieldManager', 'fieldValidation'].map(queryParameter),
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': 'patch',
    'x-kubernetes-group-version-kind': { group, version: 'v1', kind },
  }
}

function queryParameter(name: string): object {
  return { name, in: 'query', schema: { type: 'string', uniqueItems: true } }
}
