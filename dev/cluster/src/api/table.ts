import type { RequestInfo } from '../resources.ts'
import { fieldsOf, itemsOf, textOf } from '../store/json.ts'
import type { KubeObject } from '../store/types.ts'
import type { Call } from './call.ts'

interface Columns {
  names: string[]
  cells: (object: KubeObject, now: Date) => string[]
}

/** Jobs and pods as `kubectl get` prints them. It prints the other kinds by name and age itself. */
const tables: Partial<Record<string, Columns>> = {
  jobs: {
    names: ['Name', 'Status', 'Completions', 'Age'],
    cells({ metadata, spec, status }, now) {
      const { conditions, succeeded = 0 } = fieldsOf(status)
      const current = itemsOf(conditions)
        .map(fieldsOf)
        .findLast((condition) => condition.status === 'True')
      const completions = `${Number(succeeded)}/${Number(fieldsOf(spec).completions ?? 1)}`
      return [metadata.name, textOf(current?.type) || 'Running', completions, age(metadata, now)]
    },
  },
  pods: {
    names: ['Name', 'Status', 'Age'],
    cells({ metadata, status }, now) {
      const states = itemsOf(fieldsOf(status).containerStatuses).map((each) => fieldsOf(fieldsOf(each).state))
      const reason = states
        .map(({ waiting, terminated }) => textOf(fieldsOf(waiting ?? terminated).reason))
        .find(Boolean)
      const shown = metadata.deletionTimestamp ? 'Terminating' : reason
      return [metadata.name, shown ?? textOf(fieldsOf(status).phase), age(metadata, now)]
    },
  },
}

/** Whether to answer with a table; undefined if the client accepts no JSON. The client's order of preference decides. */
export function wantsTable(accept: string | undefined, { resource, subresource }: RequestInfo): boolean | undefined {
  if (subresource === 'log') return false
  for (const range of (accept || '*/*').split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim())
    if (type !== 'application/json' && type !== 'application/*' && type !== '*/*') continue
    if (!parameters.some((parameter) => parameter.startsWith('as='))) return false
    if (parameters.includes('as=Table') && parameters.includes('g=meta.k8s.io'))
      return Object.hasOwn(tables, resource.name)
  }
  return undefined
}

/** Converts an object or a list to a table. In a watch every event is a table; only the first has column headings. */
export function createTableRenderer({ info, state }: Call): (body: object) => object {
  const { names = [], cells } = tables[info.resource.name] ?? {}
  let columnDefinitions = names.map((name) => ({ name, type: 'string', format: name === 'Name' ? 'name' : '' }))
  return (body) => {
    const { items, metadata } = fieldsOf(body)
    // A bookmark has a version, but no name.
    const objects = (items ?? (fieldsOf(metadata).name === undefined ? [] : [body])) as KubeObject[]
    const rows = objects.map((object) => ({ cells: cells?.(object, state.now()), object }))
    const table = { apiVersion: 'meta.k8s.io/v1', kind: 'Table', metadata, columnDefinitions, rows }
    columnDefinitions = []
    return table
  }
}

/** In its largest unit. */
function age({ creationTimestamp }: KubeObject['metadata'], now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(creationTimestamp)) / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`
}
