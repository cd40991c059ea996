import { apiVersionOf, type Resource, resources } from '../resources.ts'
import { routes } from './routes.ts'

const batchV1 = { groupVersion: 'batch/v1', version: 'v1' }
const batch = { name: 'batch', versions: [batchV1], preferredVersion: batchV1 }

/** The release whose behavior is followed. */
const version = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0+devcluster',
  platform: `${process.platform}/${process.arch}`,
}

const documents: Record<string, object> = {
  '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [batch] },
  '/apis/batch': { kind: 'APIGroup', apiVersion: 'v1', ...batch },
  '/api/v1': resourceList(''),
  '/apis/batch/v1': resourceList('batch'),
  '/version': version,
}

/** What clients ask first: the groups, versions and resources. Undefined for any other path. */
export function discover(pathname: string): object | undefined {
  const path = pathname.replace(/\/$/, '')
  return Object.hasOwn(documents, path) ? documents[path] : undefined
}

function resourceList(group: Resource['group']): object {
  const own = Object.values(resources).filter((resource) => resource.group === group)
  const served = own.flatMap(({ name, singular, namespaced, kind, shortNames, categories }) => {
    const verbs = Object.keys(routes[name] ?? {})
    const log = { name: 'pods/log', singularName: '', namespaced, kind, verbs: ['get'] }
    const entry = { name, singularName: singular, namespaced, kind, verbs, shortNames, categories }
    return name === 'pods' ? [entry, log] : [entry]
  })
  const groupVersion = apiVersionOf({ group } as Resource)
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: served }
}
