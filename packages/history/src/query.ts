import type { Matcher, Outcome } from '@opifer/core'
import type { RunRecord } from './record.ts'

/** Which runs are asked for; every part narrows it further. */
export interface RunQuery {
  /** Any of these; `running` stands for runs that are not over. */
  outcomes?: readonly (Outcome | 'running')[] | undefined
  alertname?: string | undefined
  status?: 'firing' | 'resolved' | undefined
  /** On the alert's labels; `parseMatchers` of core reads them. */
  matchers?: readonly Matcher[] | undefined
  /** In the alert's name, labels and annotations, group key, reason, Job's name or the run's id, whatever the case. */
  text?: string | undefined
  /** Milliseconds since the epoch, by when ingest received the alert; `from` is included, `to` is not. */
  from?: number | undefined
  to?: number | undefined
  groupKey?: string | undefined
  /** `namespace/configmap/key`. */
  operario?: string | undefined
  /** `alertId` of core: the runs of one alert over time. */
  alertId?: string | undefined
}

export interface RunPage {
  /** Newest first. */
  runs: RunRecord[]
  /** Where the next page begins; undefined at the end. `parseCursor` reads it. */
  next: string | undefined
  /** False when the search stopped for having looked at as many runs as one page may cost. */
  complete: boolean
}

/** A place between two runs: after this one, from new to old. */
export interface Cursor {
  /** Milliseconds since the epoch. */
  receivedAt: number
  runId: string
}

/** Undefined for what was not made by `formatCursor`. */
export function parseCursor(text: string): Cursor | undefined {
  const [, receivedAt = '', runId = ''] = /^(\d{1,16})~([\w.-]{1,128})$/.exec(text) ?? []
  return runId ? { receivedAt: Number(receivedAt), runId } : undefined
}

export function formatCursor({ receivedAt, runId }: Cursor): string {
  return `${receivedAt}~${runId}`
}
