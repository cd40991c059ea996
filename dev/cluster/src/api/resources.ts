import type { ResourceName } from '../store/types.ts'

/** What the API says of a resource: its names, and where it stands. */
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

export const resources: Record<ResourceName, Resource> = {
  namespaces: {
    name: 'namespaces',
    singular: 'namespace',
    shortNames: ['ns'],
    kind: 'Namespace',
    group: '',
    namespaced: false,
  },
  configmaps: {
    name: 'configmaps',
    singular: 'configmap',
    shortNames: ['cm'],
    kind: 'ConfigMap',
    group: '',
    namespaced: true,
  },
  jobs: {
    name: 'jobs',
    singular: 'job',
    shortNames: [],
    kind: 'Job',
    group: 'batch',
    namespaced: true,
    categories: ['all'],
  },
  pods: {
    name: 'pods',
    singular: 'pod',
    shortNames: ['po'],
    kind: 'Pod',
    group: '',
    namespaced: true,
    categories: ['all'],
  },
  events: { name: 'events', singular: 'event', shortNames: ['ev'], kind: 'Event', group: '', namespaced: true },
}

export function apiVersionOf({ group }: Resource): string {
  return group === '' ? 'v1' : `${group}/v1`
}

/** A name as error messages have it: `jobs.batch`, `configmaps`. */
export function qualified(name: string, { group }: Resource): string {
  return group === '' ? name : `${name}.${group}`
}
