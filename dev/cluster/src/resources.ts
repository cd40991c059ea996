import type { ResourceName } from './store/types.ts'

export interface Resource {
  name: ResourceName
  singular: string
  shortNames: readonly string[]
  kind: string
  group: '' | 'batch'
  namespaced: boolean
  /** What `kubectl get all` covers. */
  categories?: readonly string[]
}

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'

/** A request in RBAC's terms. */
export interface RequestInfo {
  verb: Verb
  resource: Resource
  subresource?: string
  namespace?: string
  name?: string
}

const core = { group: '', namespaced: true } as const
const inAll = { categories: ['all'] }

export const resources: Record<ResourceName, Resource> = {
  namespaces: {
    ...core,
    name: 'namespaces',
    singular: 'namespace',
    shortNames: ['ns'],
    kind: 'Namespace',
    namespaced: false,
  },
  configmaps: { ...core, name: 'configmaps', singular: 'configmap', shortNames: ['cm'], kind: 'ConfigMap' },
  jobs: { ...inAll, name: 'jobs', singular: 'job', shortNames: [], kind: 'Job', group: 'batch', namespaced: true },
  pods: { ...core, ...inAll, name: 'pods', singular: 'pod', shortNames: ['po'], kind: 'Pod' },
  events: { ...core, name: 'events', singular: 'event', shortNames: ['ev'], kind: 'Event' },
}

export function apiVersionOf({ group }: Resource): string {
  return group === '' ? 'v1' : `${group}/v1`
}

/** A name as in error messages: `jobs.batch`, `configmaps`. */
export function qualified(name: string, { group }: Resource): string {
  return group === '' ? name : `${name}.${group}`
}
