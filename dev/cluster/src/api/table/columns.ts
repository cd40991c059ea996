import type { KubeObject, ResourceName } from '../../store/types.ts'
import { fieldsOf, textOf } from '../../validation/value.ts'
import { ageColumn, type Column, column, nameColumn, since } from './column.ts'
import { jobColumns } from './jobs.ts'
import { podColumns } from './pods.ts'

export const columns: Record<ResourceName, readonly Column[]> = {
  namespaces: [nameColumn, column('Status', ({ status }) => textOf(fieldsOf(status).phase)), ageColumn],
  configmaps: [
    nameColumn,
    column('Data', ({ data, binaryData }) => sizeOf(data) + sizeOf(binaryData), { type: 'integer' }),
    ageColumn,
  ],
  jobs: jobColumns,
  pods: podColumns,
  events: [
    column('Last Seen', (event, now) => since(event.lastTimestamp ?? event.eventTime ?? event.firstTimestamp, now)),
    column('Type', ({ type }) => textOf(type)),
    column('Reason', ({ reason }) => textOf(reason)),
    column('Object', subjectOf),
    column('Message', ({ message }) => textOf(message).trim()),
    { ...nameColumn, priority: 1 },
  ],
}

function sizeOf(map: unknown): number {
  return Object.keys(fieldsOf(map)).length
}

function subjectOf({ involvedObject }: KubeObject): string {
  const { kind, name } = fieldsOf(involvedObject)
  return `${textOf(kind).toLowerCase()}/${textOf(name)}`
}
