import type { KubeObject } from '../../store/types.ts'
import { type Fields, fieldsOf, itemsOf, textOf } from '../../validation/value.ts'
import { ageColumn, type Column, column, nameColumn } from './column.ts'
import { humanDuration } from './duration.ts'

/** As printJob in kubernetes/pkg/printers/internalversion/printers.go. */
export const jobColumns: readonly Column[] = [
  nameColumn,
  column('Status', statusOf),
  column('Completions', completionsOf),
  column('Duration', durationOf),
  ageColumn,
  column(
    'Containers',
    (job) =>
      containersOf(job)
        .map(({ name }) => textOf(name))
        .join(','),
    { priority: 1 },
  ),
  column(
    'Images',
    (job) =>
      containersOf(job)
        .map(({ image }) => textOf(image))
        .join(','),
    { priority: 1 },
  ),
  column('Selector', selectorOf, { priority: 1 }),
]

function statusOf(job: KubeObject): string {
  const holds = conditionsOf(job)
  if (holds.has('Complete')) return 'Complete'
  if (holds.has('Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp) return 'Terminating'
  if (holds.has('Suspended')) return 'Suspended'
  return holds.has('FailureTarget') ? 'FailureTarget' : 'Running'
}

function conditionsOf(job: KubeObject): Set<string> {
  const conditions = itemsOf(fieldsOf(job.status).conditions).map(fieldsOf)
  return new Set(conditions.filter(({ status }) => status === 'True').map(({ type }) => textOf(type)))
}

function completionsOf(job: KubeObject): string {
  const { completions, parallelism } = fieldsOf(job.spec)
  const succeeded = Number(fieldsOf(job.status).succeeded ?? 0)
  if (typeof completions === 'number') return `${succeeded}/${completions}`
  return Number(parallelism ?? 0) > 1 ? `${succeeded}/1 of ${Number(parallelism)}` : `${succeeded}/1`
}

function durationOf(job: KubeObject, now: Date): string {
  const { startTime, completionTime } = fieldsOf(job.status)
  if (!startTime) return ''
  const end = completionTime ? Date.parse(textOf(completionTime)) : now.getTime()
  return humanDuration(end - Date.parse(textOf(startTime)))
}

function containersOf(job: KubeObject): Fields[] {
  return itemsOf(fieldsOf(fieldsOf(fieldsOf(job.spec).template).spec).containers).map(fieldsOf)
}

function selectorOf(job: KubeObject): string {
  const labels = fieldsOf(fieldsOf(fieldsOf(job.spec).selector).matchLabels)
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${textOf(value)}`)
    .join(',')
}
