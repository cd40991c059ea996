import type { KubeObject } from '../../store/types.ts'
import { textOf } from '../../validation/value.ts'
import { humanDuration } from './duration.ts'

export interface Column {
  name: string
  type: 'string' | 'integer'
  /** Marks the column that `-o name` and sorting go by. */
  format?: 'name'
  /** Columns of priority 1 are shown by `-o wide` alone. */
  priority: 0 | 1
  cell: (object: KubeObject, now: Date) => string | number
}

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  priority: 0,
  cell: ({ metadata }) => metadata.name,
}

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  priority: 0,
  cell: ({ metadata }, now) => since(metadata.creationTimestamp, now),
}

export function column(name: string, cell: Column['cell'], options: Partial<Column> = {}): Column {
  return { name, type: 'string', priority: 0, ...options, cell }
}

export function since(time: unknown, now: Date): string {
  return textOf(time) ? humanDuration(now.getTime() - Date.parse(textOf(time))) : '<unknown>'
}
