import { resources } from './resources.ts'
import { routes } from './routes.ts'

/** What clients ask first: which groups, versions and resources there are. Undefined for any other path. */
export function discover(pathname: string): object | undefined {
  switch (pathname.replace(/\/$/, '')) {
    case '/api':
      return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
    case '/apis':
      return { kind: 'APIGroupList', apiVersion: 'v1', groups: [batch] }
    case '/apis/batch':
      return { kind: 'APIGroup', apiVersion: 'v1', ...batch }
    case '/api/v1':
      return resourceList('', 'v1')
    case '/apis/batch/v1':
      return resourceList('batch', 'batch/v1')
    case '/version':
      return version
    default:
      return undefined
  }
}

/** The release whose behaviour and rules are followed. */
const version = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0+devcluster',
  platform: `${process.platform}/${process.arch}`,
}

const batchV1 = { groupVersion: 'batch/v1', version: 'v1' }
const batch = { name: 'batch', versions: [batchV1], preferredVersion: batchV1 }

function resourceList(group: string, groupVersion: string): object {
  const served = Object.entries(routes).flatMap(([route, handlers]) => {
    const [name, subresource] = route.split('/')
    const resource = resources[name as keyof typeof resources]
    if (resource.group !== group) return []
    const { singular, namespaced, kind, shortNames, categories } = resource
    const verbs = Object.keys(handlers)
    if (subresource !== undefined) return [{ name: route, singularName: '', namespaced, kind, verbs }]
    return [{ name: route, singularName: singular, namespaced, kind, verbs, shortNames, categories }]
  })
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: served }
}
