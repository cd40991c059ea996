import type { RequestInfo } from '../resources.ts'
import { type Fields, fieldsOf, itemsOf, textOf } from '../store/json.ts'
import type { KubeObject } from '../store/types.ts'
import type { Call } from './call.ts'

type Column = [name: string, cell: (object: KubeObject, now: Date) => string]

const since = (from: unknown, to: Date): string => (textOf(from) ? duration(+to - Date.parse(textOf(from))) : '')
const nameColumn: Column = ['Name', ({ metadata }) => metadata.name]
const ageColumn: Column = ['Age', ({ metadata }, now) => since(metadata.creationTimestamp, now)]

/** Jobs and pods as `kubectl get` prints them. It prints the other kinds by name and age itself. */
const columns: Partial<Record<string, Column[]>> = {
  jobs: [
    nameColumn,
    ['Status', jobStatus],
    [
      'Completions',
      ({ spec, status }) => `${Number(fieldsOf(status).succeeded ?? 0)}/${Number(fieldsOf(spec).completions ?? 1)}`,
    ],
    ['Duration', jobDuration],
    ageColumn,
  ],
  pods: [
    nameColumn,
    ['Ready', (pod) => `${statuses(pod).filter(({ ready }) => ready === true).length}/${containerCount(pod)}`],
    ['Status', podStatus],
    ['Restarts', (pod) => String(statuses(pod).reduce((sum, { restartCount }) => sum + Number(restartCount ?? 0), 0))],
    ageColumn,
  ],
}

/** Whether to answer with a table; undefined if the client accepts no JSON. The client's order of preference decides. */
export function wantsTable(accept: string | undefined, { resource, subresource }: RequestInfo): boolean | undefined {
  if (subresource === 'log') return false
  for (const range of (accept || '*/*').split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim())
    if (type !== 'application/json' && type !== 'application/*' && type !== '*/*') continue
    if (!parameters.some((parameter) => parameter.startsWith('as='))) return false
    if (parameters.includes('as=Table') && parameters.includes('g=meta.k8s.io'))
      return columns[resource.name] !== undefined
  }
  return undefined
}

/** Converts an object or a list to a table. In a watch every event is a table; only the first has column headings. */
export function createTableRenderer({ info, query, state }: Call): (body: object) => object {
  const shown = columns[info.resource.name] ?? []
  const include = query.get('includeObject')
  let columnDefinitions = shown.map(([name]) => ({
    name,
    type: 'string',
    format: name === 'Name' ? 'name' : '',
    description: '',
    priority: 0,
  }))
  return (body) => {
    const { items, metadata } = fieldsOf(body)
    // A bookmark has a version, but no name.
    const objects = (items ?? (fieldsOf(metadata).name === undefined ? [] : [body])) as KubeObject[]
    const rows = objects.map((object) => ({
      cells: shown.map(([, cell]) => cell(object, state.now())),
      object:
        include === 'Object'
          ? object
          : { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: object.metadata },
    }))
    const table = {
      apiVersion: 'meta.k8s.io/v1',
      kind: 'Table',
      metadata: listMetadata(metadata),
      columnDefinitions,
      rows,
    }
    columnDefinitions = []
    return table
  }
}

function listMetadata(metadata: unknown): object {
  const { resourceVersion, continue: token, remainingItemCount } = fieldsOf(metadata)
  return { resourceVersion, continue: token, remainingItemCount }
}

function jobStatus({ metadata, status }: KubeObject): string {
  const conditions = itemsOf(fieldsOf(status).conditions).map(fieldsOf)
  const holds = (type: string) => conditions.some((each) => each.type === type && each.status === 'True')
  if (metadata.deletionTimestamp) return 'Terminating'
  return ['Complete', 'Failed', 'Suspended', 'FailureTarget'].find(holds) ?? 'Running'
}

function jobDuration({ status }: KubeObject, now: Date): string {
  const { startTime, completionTime } = fieldsOf(status)
  return since(startTime, completionTime ? new Date(textOf(completionTime)) : now)
}

/** Why a container waits or how it ended, else the phase. */
function podStatus(pod: KubeObject): string {
  const { phase, reason } = fieldsOf(pod['status'])
  if (pod.metadata.deletionTimestamp && phase !== 'Succeeded' && phase !== 'Failed') return 'Terminating'
  const states = statuses(pod).map(
    ({ state }) => fieldsOf(fieldsOf(state).waiting ?? fieldsOf(state).terminated).reason,
  )
  return textOf(states.find(Boolean)) || textOf(reason) || textOf(phase)
}

function statuses({ status }: KubeObject): Fields[] {
  return itemsOf(fieldsOf(status).containerStatuses).map(fieldsOf)
}

function containerCount({ spec }: KubeObject): number {
  return itemsOf(fieldsOf(spec).containers).length
}

/** One unit, or two while they matter, as kubectl does. */
function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (seconds < 120) return `${seconds}s`
  if (minutes < 10) return `${minutes}m${seconds % 60}s`
  if (hours < 3) return `${minutes}m`
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`
}
